package testbed

import (
	"strings"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Log keeps what is logged, as JSON lines.
type Log struct {
	mu  sync.Mutex
	all strings.Builder
}

// Logger returns a Logger of all levels that writes here.
func (b *Log) Logger() *zap.Logger {
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), b, zap.DebugLevel))
}

// Write implements zapcore.WriteSyncer.
func (b *Log) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

// Sync implements zapcore.WriteSyncer.
func (b *Log) Sync() error { return nil }

func (b *Log) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
