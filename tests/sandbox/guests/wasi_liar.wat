;; Declares WASI functions with types that are not WASI's, to make the host misread what it gets.
(component
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-bytes" (func (param "len" string) (result (list u8))))
    (export "get-random-u64" (func (result string)))))
  (core module $libc
    ;; include common
  )
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $m0))
  (alias core export $libc "cabi_realloc" (core func $r0))
  (core func $bytes (canon lower (func $random "get-random-bytes") (memory $m0) (realloc $r0)))
  (core func $u64 (canon lower (func $random "get-random-u64") (memory $m0) (realloc $r0)))
  (core module $m
    (import "libc" "memory" (memory 2))
    (import "libc" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    (import "w" "bytes" (func $bytes (param i32 i32 i32)))
    (import "w" "u64" (func $u64 (param i32)))
    (export "memory" (memory 0))
    (export "cabi_realloc" (func $realloc))
    (func (export "configure") (param i32 i32) (result i32)
      (i32.store8 (i32.const 1024) (i32.const 0)) (i32.const 1024))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $bytes (i32.const 2048) (i32.const 4) (i32.const 3300)) (unreachable))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $u64 (i32.const 3300)) (unreachable))
  )
  (core instance $i (instantiate $m (with "libc" (instance $libc))
    (with "w" (instance (export "bytes" (func $bytes)) (export "u64" (func $u64))))))
  ;; include policy
)
