//go:build wasip1

package abi

import (
	"unsafe"

	"mcpg.dev/sdk/internal/answer"
)

// Configure makes the plugin of its configuration; the package of a kind sets it.
var Configure func(config string) answer.Answer

//go:wasmexport mcpg:plugin/lifecycle@1.0.0#configure
func configure(at unsafe.Pointer, size uint32) unsafe.Pointer {
	return Return(Configure(Text(at, size)))
}

//go:wasmexport cabi_post_mcpg:plugin/lifecycle@1.0.0#configure
func configured(unsafe.Pointer) { Done() }
