package methods

func (m *machine) third() int {
	m.steps--
	m.first()
	return m.steps
}
