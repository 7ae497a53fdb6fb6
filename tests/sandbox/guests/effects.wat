;; Asks for the same effect twice.
(component
  (core module $m
    ;; include common
    (data (i32.const 4096) "http{}\00\00\00\10\00\00\04\00\00\00\04\10\00\00\02\00\00\00\00\10\00\00\04\00\00\00\04\10\00\00\02\00\00\00")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 4) (i32.const 4104) (i32.const 2)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
