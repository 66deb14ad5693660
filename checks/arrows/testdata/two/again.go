package two

func again(f func(int)) {
	for range 3 {
		f(0)
	}
	call()
}
