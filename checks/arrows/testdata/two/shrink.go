package two

func (s *Stack[T]) shrink() {
	if len(s.items) > 100 {
		rest := &Stack[T]{}
		rest.Push(s.items[0])
		s.items = rest.items
	}
}
