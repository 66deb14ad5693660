package edentest

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// mix is the finalizer of SplitMix64.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// mixID mixes a job's id into h.
func mixID(h uint64, id uuid.UUID) uint64 {
	h = mix(h ^ binary.LittleEndian.Uint64(id[:8]))
	return mix(h ^ binary.LittleEndian.Uint64(id[8:]))
}

// unit makes a number in [0, 1) of what was mixed.
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }
