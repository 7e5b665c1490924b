//! How the program is linked: with the system's library in it, and with what runs execute side by side, where that can
//! be.
//!
//! A process of a run is a fork of the program, and `conc run` is over in about a millisecond: a third of that goes into
//! finding, mapping and binding three shared libraries, and every fork copies what is known of their pieces. So the
//! program (and nothing else: no test, no library of a user's) is linked as a position-independent executable that needs
//! no other file, from the archives that come with the system's headers. Where a trial does not run that is linked so,
//! or `CONC_LINK=dynamic` is set, it is linked as usual.
//!
//! Of its file, each process of a run maps the places anew that it executes, sixteen pages at a time. They lie in some
//! forty such places when they lie where the compiler puts them, and in eight by `src/os/order.ld`: a script that a
//! linker reads beside its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// In which order functions lie, for the linker.
const ORDER: &str = "src/os/order.ld";

/// Linked and run before the program is: threads, a float function of the system's, a panic that is caught.
const TRIAL: &str = "fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let text = std::env::args().next().unwrap_or_default();
    let power = std::thread::spawn(move || (text.len() as f64).powf(0.5)).join();
    let caught = std::panic::catch_unwind(|| std::panic::panic_any(1));
    std::process::exit(i32::from(power.is_err() || caught.is_ok()));
}";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={ORDER}");
    println!("cargo:rerun-if-env-changed=CONC_LINK");
    if let Some(args) = is_wanted().then(link_args).flatten() {
        args.iter().for_each(|arg| println!("cargo:rustc-link-arg-bins={arg}"));
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Whether to try: on Linux with the GNU library, for this machine, and not where something else was asked for.
fn is_wanted() -> bool {
    let has_own_way = variable("CARGO_ENCODED_RUSTFLAGS").contains("sanitizer")
        || variable("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    variable("CARGO_CFG_TARGET_OS") == "linux"
        && variable("CARGO_CFG_TARGET_ENV") == "gnu"
        && variable("HOST") == variable("TARGET")
        && variable("CONC_LINK") != "dynamic"
        && !has_own_way
}

/// What the linker is told beside the usual: the most that works.
fn link_args() -> Option<Vec<String>> {
    let out = PathBuf::from(env::var_os("OUT_DIR")?);
    let (whole, ordered) = (static_link(&out), order());
    let both = whole.iter().zip(&ordered).map(|(whole, ordered)| [whole.as_slice(), ordered].concat());
    let ways: Vec<Vec<String>> = both.chain(whole.clone()).chain(ordered.clone()).collect();
    ways.into_iter().find(|args| works(&out, args))
}

/// The order of the functions; none where they are not those of the script, since the compiler makes others.
fn order() -> Option<Vec<String>> {
    let script = Path::new(&variable("CARGO_MANIFEST_DIR")).join(ORDER);
    let has_its_functions = variable("OPT_LEVEL") == "3" && script.is_file();
    has_its_functions.then(|| vec![format!("-T{}", script.display())])
}

/// The system's library in the program.
fn static_link(out: &Path) -> Option<Vec<String>> {
    let archives = out.join("static");
    write_archives(&archives).ok()?;
    // The compiler asks for the shared libraries by name: in this folder, which is looked through first, there are
    // archives of these names instead.
    let args = [&format!("-L{}", archives.display()), "-static-pie", "-Wl,--start-group", "-lgcc_s", "-lm", "-lc"];
    Some(args.into_iter().map(str::to_owned).chain(["-Wl,--end-group".to_owned()]).collect())
}

fn linker() -> String {
    env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".to_owned())
}

/// Where the compiler of C has a file.
fn place_of(file: &str) -> io::Result<String> {
    let output = Command::new(linker()).arg(format!("-print-file-name={file}")).output()?;
    let place = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if Path::new(&place).is_absolute() { Ok(place) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Archives by the names of the shared libraries: linker scripts that name the true ones.
fn write_archives(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    place_of("rcrt1.o")?;
    for (name, of) in
        [("libc.a", &["libc.a"][..]), ("libm.a", &["libm.a"]), ("libgcc_s.a", &["libgcc_eh.a", "libgcc.a"])]
    {
        let places: io::Result<Vec<String>> = of.iter().map(|file| place_of(file)).collect();
        fs::write(folder.join(name), format!("INPUT({})\n", places?.join(" ")))?;
    }
    Ok(())
}

/// Whether a program that is linked so runs.
fn works(out: &Path, args: &[String]) -> bool {
    let (source, program) = (out.join("trial.rs"), out.join("trial"));
    let mut compile = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    compile.arg(&source).arg("-o").arg(&program);
    compile.args(variable("CARGO_ENCODED_RUSTFLAGS").split('\x1f').filter(|flag| !flag.is_empty()));
    if env::var_os("RUSTC_LINKER").is_some() {
        compile.arg(format!("-Clinker={}", linker()));
    }
    compile.args(args.iter().map(|arg| format!("-Clink-arg={arg}")));
    let is_linked = fs::write(&source, TRIAL).is_ok() && compile.output().is_ok_and(|output| output.status.success());
    is_linked && Command::new(&program).status().is_ok_and(|status| status.success())
}
