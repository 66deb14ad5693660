package two

func call() {
	f := visit
	f(0)
}
