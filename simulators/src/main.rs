//! `ngabay-simulators`: plays the national side on this machine, until it is told to stop.

use std::net::SocketAddr;
use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use kernel::SystemClock;
use simulators::{Human, Settings, Simulator};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Đóng vai VNeID và cổng đăng nhập của Cổng Dịch vụ công quốc gia để chạy thử. Không phải hệ thống thật.
/// Plays VNeID and the single sign-on of the national portal, for trying things out. Not the real systems.
#[derive(Parser)]
#[command(name = "ngabay-simulators", version)]
struct Options {
    /// Địa chỉ lắng nghe, chỉ trên máy này. Where to listen; on this machine only.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Danh sách người bịa (JSON). A list of invented people.
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Ghi khai báo cho `ngabay serve --federation`. Writes the declaration for `ngabay serve --federation`.
    #[arg(long, value_name = "FILE")]
    declaration: Option<PathBuf>,
    /// Dừng khi chương trình gọi nó dừng. Ends when the program that has started it ends.
    #[arg(long)]
    with_parent: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let parent = parent_id();
    let options = Options::parse();
    ensure!(
        options.listen.ip().is_loopback(),
        "the simulators listen on this machine only (127.0.0.1): whoever reaches them can be anybody"
    );
    let people = match &options.people {
        Some(file) => Human::read(&std::fs::read_to_string(file).with_context(|| file.display().to_string())?)?,
        None => Human::embedded()?,
    };
    let listener = TcpListener::bind(options.listen).await?;
    let simulator = Simulator::new(Settings {
        address: format!("http://{}", listener.local_addr()?),
        client_id: "ngabay".to_owned(),
        client_secret: simulators::new_secret(),
        people,
        clock: Arc::new(SystemClock),
    })?;
    if let Some(file) = &options.declaration {
        simulator.declare(file).with_context(|| file.display().to_string())?;
    }
    println!("{}", simulator.addresses());
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
            () = orphaned(parent), if options.with_parent => {}
        }
    };
    // Nobody waits for answers of a simulator.
    tokio::select! {
        served = axum::serve(listener, simulator.router()).into_future() => served?,
        () = stop => {}
    }
    Ok(())
}

/// Returns when this process has got another parent: the one that has started it is gone.
async fn orphaned(parent: u32) {
    let mut often = tokio::time::interval(Duration::from_millis(500));
    while parent_id() == parent {
        often.tick().await;
    }
}
