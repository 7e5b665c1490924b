//! Real runs, judged from outside: what they print, how they end, and what they leave behind (nothing).

mod run {
    mod errors;
    mod harness;
    mod library;
    mod lifetime;
    mod limits;
    mod objects;
    mod pipes;
    mod pools;
    mod processes;
    mod queues;
    mod repeat;
    mod stages;
    mod streamed;
    mod tickets;
    mod turns;
    mod tutorial;
}
