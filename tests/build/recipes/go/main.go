package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Printf("go on %s as %d\n", runtime.GOOS, os.Getuid())
}
