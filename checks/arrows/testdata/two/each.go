package two

// Each leads to both circles.
func Each(items []int) {
	s := &Stack[int]{}
	for _, item := range items {
		s.Push(item)
	}
	again(visit)
}

func visit(n int) {
	if n > 0 {
		again(visit)
	}
}
