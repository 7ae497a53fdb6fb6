//go:build wasip1

package identity

import (
	"unsafe"

	"mcpg.dev/sdk/internal/abi"
)

func init() { abi.Configure = plugin.Configure }

//go:wasmexport mcpg:plugin/identity@1.0.0#identify
func exportedIdentify(request unsafe.Pointer, requestSize uint32, replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(identify(abi.JSON(request, requestSize), abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/identity@1.0.0#identify
func returnedIdentify(unsafe.Pointer) { abi.Done() }
