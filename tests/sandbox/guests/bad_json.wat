;; Answers with text that should be JSON and is not; only the schema checks of the pipeline can tell.
(component
  (core module $m
    ;; include common
    (data (i32.const 4096) "\00\08\00\00\04\00\00\00\00\10\00\00\03\00\00\00")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 4096) (i32.const 1)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (local.get 2) (local.get 3)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
