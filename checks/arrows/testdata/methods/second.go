package methods

func (m *machine) second() {
	if m.steps > 0 {
		m.third()
	}
	m.steps = m.third() + m.third()
}
