package main

// The README shows this output; docs_test.go, in the root, compares them.
func Example() {
	main()
	// Output:
	// success deepgram 0.137958
	// success firecrawl 0.664557
	// success tavily 0.660096
	// fail sensity 0
	// edenwait: 1 of 4 jobs did not succeed: 1 failed, 0 errored
	//	edenwait: job 95236f4a-35fe-4c3a-b490-3bdb0c1ccc73 failed at video/deepfake_detection_async/sensity: "Provider timed out"
}
