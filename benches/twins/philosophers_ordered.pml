/* Dining philosophers who take the fork with the lower number first; each eats K times. */
bool forks[N];

active [N] proctype Philosopher() {
    byte first, second, k;
    d_step {
        if
        :: _pid == N - 1 -> first = 0; second = N - 1
        :: else -> first = _pid; second = _pid + 1
        fi
    };
    do
    :: k < K ->
       atomic { !forks[first] -> forks[first] = true };
       atomic { !forks[second] -> forks[second] = true };
       forks[second] = false;
       forks[first] = false;
       k++
    :: else -> break
    od
}
