//! Another process: this test binary started again, to run the one test below with a task.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{permission, process, space};

const TASK: &str = "CHANCERY_TEST_TASK";
const FILE: &str = "CHANCERY_TEST_FILE";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by other tests as a process of its own"]
async fn carries_out_a_task() {
    let file = std::env::var_os(FILE).unwrap();
    let file = Path::new(&file);
    match std::env::var(TASK).unwrap().as_str() {
        "append" => process::append(file).await,
        "fill" => space::fill(file).await,
        "read in a closed directory" => permission::read_in_a_closed_directory(file).await,
        "read beside a writer" => permission::read_beside_a_writer(file).await,
        "read an unfinished log" => permission::read_an_unfinished_log(file),
        other => panic!("no task {other}"),
    }
}

/// The command that runs a task on a file, behind these words of another command.
pub(super) fn command(before: &[&str], task: &str, file: &Path) -> Command {
    let module = module_path!().split_once("::").unwrap().1;
    let this = std::env::current_exe().unwrap();
    let mut command = match before {
        [] => Command::new(this),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(this);
            command
        }
    };
    command.args(["--exact", &format!("{module}::carries_out_a_task"), "--ignored", "--nocapture"]);
    command.env(TASK, task).env(FILE, file).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for a child that must have run its task.
pub(super) fn succeed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{}\n{text}\n{errors}", output.status);
}
