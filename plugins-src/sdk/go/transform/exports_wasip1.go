//go:build wasip1

package transform

import (
	"unsafe"

	"mcpg.dev/sdk/internal/abi"
)

func init() { abi.Configure = plugin.Configure }

//go:wasmexport mcpg:plugin/transform@1.0.0#before
func exportedBefore(caller unsafe.Pointer, callerSize uint32, call unsafe.Pointer, callSize uint32, replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(before(abi.JSON(caller, callerSize), abi.JSON(call, callSize), abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/transform@1.0.0#before
func returnedBefore(unsafe.Pointer) { abi.Done() }

//go:wasmexport mcpg:plugin/transform@1.0.0#after
func exportedAfter(caller unsafe.Pointer, callerSize uint32, call unsafe.Pointer, callSize uint32, outcome unsafe.Pointer, outcomeSize uint32, replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(after(abi.JSON(caller, callerSize), abi.JSON(call, callSize), abi.JSON(outcome, outcomeSize), abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/transform@1.0.0#after
func returnedAfter(unsafe.Pointer) { abi.Done() }
