" Vim syntax of .conc scenarios
if exists("b:current_syntax")
  finish
endif

syn match concComment "#.*$"
syn region concHole start="{" end="}" contained contains=TOP
syn match concEscape "\\\(u{\x\+}\|.\)" contained
syn region concString start=+"+ skip=+\\.+ end=+"\|$+ contains=concEscape,concHole
syn match concNumber "\<\(0x\x\+\|\d[0-9_]*\(\.\d\+\)\=\([eE][+-]\=\d\+\)\=\(ns\|us\|ms\|s\|m\|h\|KiB\|MiB\|GiB\)\=\)\>"
syn keyword concConstant true false none
syn keyword concOperator and or not in as
syn keyword concStatement let if else while loop for break continue return with try catch raise assert print
syn keyword concStatement sleep yield await start join exit select case after pass mark finally
syn match concDeclaration "^\s*\(daemon\s\+\)\=\(scenario\|const\|queue\|pipe\|lock\|rlock\|rwlock\|condition\|bounded\|semaphore\|event\|barrier\|latch\|once\|shared\|atomic\|pool\|process\|thread\|timer\|task\|main\|invariant\|eventually\|expect\)\>"

hi def link concComment Comment
hi def link concString String
hi def link concEscape SpecialChar
hi def link concNumber Number
hi def link concConstant Constant
hi def link concOperator Operator
hi def link concStatement Statement
hi def link concDeclaration Type
let b:current_syntax = "conc"
