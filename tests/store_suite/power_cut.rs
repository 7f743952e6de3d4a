//! A power cut: an ext4 file system on a loop device is shut down without flushing its journal,
//! so that everything that was never synced is gone. Needs root, loop devices and python3.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kill::rounds;
use crate::workload::{Acked, Writing, check};

/// Makes a test that cannot run fail.
const REQUIRE: &str = "FIREBELL_REQUIRE_POWERCUT";

/// Sets how often the power is cut.
const ROUNDS: &str = "FIREBELL_POWERCUT_ROUNDS";

/// The rounds where nobody asks for more.
const FEW: u64 = 3;

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`, which no safe crate offers.
const SHUTDOWN: &str = "import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))";

/// Runs a command; its error output where it fails.
pub fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// Says loudly that a test did not run; fails where it has to.
pub fn skipped(what: &str, why: &str) {
    eprintln!("\n!!! NOT RUN: {what}\n!!! because: {why}\n");
    assert!(std::env::var_os(REQUIRE).is_none_or(|set| set != "1"), "{what} had to run: {why}");
}

/// A mounted file system, unmounted when dropped.
pub struct Mount {
    pub at: PathBuf,
}

impl Mount {
    pub fn new(options: &[&str], at: &Path) -> Result<Self, String> {
        fs::create_dir_all(at).map_err(|error| error.to_string())?;
        let mut args = options.to_vec();
        let target = at.to_str().unwrap();
        args.push(target);
        run("mount", &args)?;
        Ok(Self { at: at.to_owned() })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let target = self.at.to_str().unwrap().to_owned();
        if let Err(error) = run("umount", &[&target]) {
            eprintln!("{error}");
            let _ = run("umount", &["-l", &target]);
        }
    }
}

struct Disk {
    image: PathBuf,
    mount_point: PathBuf,
}

impl Disk {
    fn new(dir: &Path) -> Result<Self, String> {
        let image = dir.join("image");
        let file = fs::File::create(&image).map_err(|error| error.to_string())?;
        file.set_len(1 << 30).map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q", "-F", image.to_str().unwrap()])?;
        Ok(Self { image, mount_point: dir.join("mount") })
    }

    fn mount(&self) -> Result<Mount, String> {
        Mount::new(&["-o", "loop", self.image.to_str().unwrap()], &self.mount_point)
    }
}

/// Cuts the power of the mounted disk.
fn cut(mount: &Mount) -> Result<(), String> {
    run("python3", &["-c", SHUTDOWN, mount.at.to_str().unwrap()])
}

/// A cut that keeps what was never synced would prove nothing.
fn cut_forgets_unsynced_files(disk: &Disk) -> Result<(), String> {
    let mount = disk.mount()?;
    fs::write(mount.at.join("unsynced"), "x").map_err(|error| error.to_string())?;
    cut(&mount)?;
    drop(mount);
    let mount = disk.mount()?;
    match mount.at.join("unsynced").exists() {
        false => Ok(()),
        true => Err("this file system keeps what was never synced".to_owned()),
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let disk = match Disk::new(dir.path()) {
        Ok(disk) => disk,
        Err(why) => return skipped("the power-cut test", &why),
    };
    if let Err(why) = cut_forgets_unsynced_files(&disk) {
        return skipped("the power-cut test", &why);
    }
    let rounds = rounds(ROUNDS, FEW);
    let mut acked = Acked::new();
    for round in 0..rounds {
        let mount = disk.mount().unwrap();
        let mut writing = Writing::start(&mount.at.join("data"));
        writing.go_on(usize::try_from(round * 131 % 600).unwrap());
        cut(&mount).unwrap();
        acked.extend(writing.kill());
        drop(mount);
        let mount = disk.mount().unwrap();
        let report = check(&mount.at.join("data"), &acked);
        assert!(report.is_ordinary(), "{report:?}");
    }
    eprintln!("{rounds} power cuts, {} incidents, none lost", acked.len());
}
