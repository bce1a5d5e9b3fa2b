//! The program on a terminal: its output and input.

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command};

/// A program that was started on a separate terminal.
pub struct OnTerminal {
    terminal: File,
    child: Child,
    /// Everything that was shown.
    pub screen: String,
    /// The end of the output that was already matched.
    read_to: usize,
}

impl OnTerminal {
    pub fn start(command: &mut Command, columns: u16) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        tcsetwinsize(&terminal, size_of(columns)).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let side = || OpenOptions::new().read(true).write(true).open(name.to_str().unwrap());
        let child = command
            .stdin(side().unwrap())
            .stdout(side().unwrap())
            .stderr(side().unwrap())
            .spawn()
            .unwrap();
        // Only the program then has the other side open, so that its end ends the reading.
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        Self { terminal: terminal.into(), child, screen: String::new(), read_to: 0 }
    }

    /// Waits until this is shown, and types a line.
    pub fn answer(&mut self, question: &str, answer: &str) {
        self.shows(question);
        self.terminal.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }

    /// Waits until this is shown.
    pub fn shows(&mut self, text: &str) {
        while !self.screen[self.read_to..].contains(text) {
            assert!(self.read(), "`{text}` is not shown:\n{}", self.screen);
        }
        self.read_to = self.screen.len();
    }

    /// Ends the program by a signal at this question. Returns its exit code, and whether the
    /// terminal echoes: at the question, and afterwards.
    pub fn terminate(mut self, question: &str) -> (i32, [bool; 2]) {
        self.shows(question);
        let name = ptsname(&self.terminal, Vec::new()).unwrap();
        let side = File::open(name.to_str().unwrap()).unwrap();
        let echoes = || tcgetattr(&side).unwrap().local_modes.contains(LocalModes::ECHO);
        let before = echoes();
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        (code, [before, echoes()])
    }

    pub fn resize(&self, columns: u16) {
        tcsetwinsize(&self.terminal, size_of(columns)).unwrap();
    }

    /// Its exit code, with everything that was shown.
    pub fn ends(mut self) -> (i32, String) {
        while self.read() {}
        (self.child.wait().unwrap().code().unwrap(), self.screen.replace("\r\n", "\n"))
    }

    /// `false` at the end: the other side is closed.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.terminal.read(&mut bytes) {
            Ok(len @ 1..) => {
                self.screen.push_str(&String::from_utf8_lossy(&bytes[..len]));
                true
            }
            _ => false,
        }
    }
}

fn size_of(columns: u16) -> Winsize {
    Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
