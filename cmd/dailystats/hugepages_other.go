//go:build !linux

package main

func avoidHugePages() {}
