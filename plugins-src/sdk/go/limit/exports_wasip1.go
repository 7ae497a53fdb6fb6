//go:build wasip1

package limit

import (
	"unsafe"

	"mcpg.dev/sdk/internal/abi"
)

func init() { abi.Configure = plugin.Configure }

//go:wasmexport mcpg:plugin/limit@1.0.0#reserve
func exportedReserve(caller unsafe.Pointer, callerSize uint32, action unsafe.Pointer, actionSize uint32) unsafe.Pointer {
	return abi.Return(reserve(abi.JSON(caller, callerSize), abi.JSON(action, actionSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/limit@1.0.0#reserve
func returnedReserve(unsafe.Pointer) { abi.Done() }

//go:wasmexport mcpg:plugin/limit@1.0.0#settle
func exportedSettle(caller unsafe.Pointer, callerSize uint32, action unsafe.Pointer, actionSize uint32, outcome unsafe.Pointer, outcomeSize uint32) unsafe.Pointer {
	return abi.Return(settle(abi.JSON(caller, callerSize), abi.JSON(action, actionSize), abi.JSON(outcome, outcomeSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/limit@1.0.0#settle
func returnedSettle(unsafe.Pointer) { abi.Done() }
