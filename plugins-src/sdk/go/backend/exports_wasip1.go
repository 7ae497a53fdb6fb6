//go:build wasip1

package backend

import (
	"unsafe"

	"mcpg.dev/sdk/internal/abi"
)

func init() { abi.Configure = plugin.Configure }

//go:wasmexport mcpg:plugin/backend@1.0.0#describe
func exportedDescribe(replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(describe(abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/backend@1.0.0#describe
func returnedDescribe(unsafe.Pointer) { abi.Done() }

//go:wasmexport mcpg:plugin/backend@1.0.0#call
func exportedCall(caller unsafe.Pointer, callerSize uint32, call unsafe.Pointer, callSize uint32, replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(fulfil(abi.JSON(caller, callerSize), abi.JSON(call, callSize), abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/backend@1.0.0#call
func returnedCall(unsafe.Pointer) { abi.Done() }
