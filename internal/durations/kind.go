package durations

import "strings"

const (
	maxKinds = 1024
	maxName  = 64 // bytes
)

// A name is one of a kind below its parent. The level keeps a provider from
// being taken for a model of the same name.
type name struct {
	parent Kind
	level  uint8
	text   string
}

// Kind is the kind of jobs with this feature, subfeature, provider and model. An
// empty one is skipped. Once 1,024 kinds are known, a new one is counted to the
// nearest parent that is known. Of each string the first 64 bytes count.
func (m *Model) Kind(feature, subfeature, provider, model string) Kind {
	var kind Kind
	for level, text := range [...]string{feature, subfeature, provider, model} {
		if text == "" {
			continue
		}
		child := name{parent: kind, level: uint8(level), text: text[:min(len(text), maxName)]}
		known, ok := m.names[child]
		if !ok {
			if len(m.nodes) >= maxKinds {
				return kind
			}
			known = Kind(len(m.nodes))
			// The text may be a piece of a whole page, which must not be kept.
			child.text = strings.Clone(child.text)
			m.names[child] = known
			m.nodes = append(m.nodes, node{parent: kind})
		}
		kind = known
	}
	return kind
}
