//go:build !linux

package main

const smallMemory = 0

func giveBackStartup() {}

func keepProgramSmall() {}
