package methods

func (m *machine) first() {
	m.second()
}
