package durations

// Parent is the kind that k is one of: the provider of a model, the subfeature of a
// provider. The root is its own.
func (m *Model) Parent(k Kind) Kind {
	if int(k) >= len(m.nodes) {
		return 0
	}
	return m.nodes[k].parent
}
