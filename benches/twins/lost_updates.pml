/* N processes add one K times each: they read, then write. */
byte x, done;

active [N] proctype Adder() {
    byte k, seen;
    do
    :: k < K -> seen = x; x = seen + 1; k++
    :: else -> break
    od;
    done++
}

active proctype Judge() { done == N; assert(x == N * K) }
