//! Serving until told to stop.

use std::{net::SocketAddr, path::PathBuf, time::Instant};

use anyhow::Result;
use axum::{
    Json, Router,
    body::Body,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use db::{Database, Source};
use op::Worker;
use render::{Locale, Texts};
use serde_json::json;
use sqlx::PgPool;
use tokio::{net::TcpListener, signal::unix, sync::watch};
use tower_http::compression::CompressionLayer;

use crate::{
    house::{self, Program},
    secrets,
};

/// How `serve` was called.
pub(crate) struct Settings {
    pub(crate) source: Source,
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) demo: bool,
    pub(crate) https: bool,
    pub(crate) behind_gateway: bool,
    pub(crate) worker: bool,
    /// Whether a demonstration gets past cases.
    /// The address that papers and codes name; the one that is listened to if not given.
    pub(crate) public_address: Option<String>,
}

/// Starts everything, tells on standard output when it is ready, and ends in order on SIGINT or SIGTERM.
pub(crate) async fn serve(texts: &Texts, settings: Settings) -> Result<()> {
    let started = Instant::now();
    let say = |key: &str, params: &[(&str, String)]| {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        eprintln!(
            "[{:>5.1} s] {}",
            started.elapsed().as_secs_f32(),
            texts.get(Locale::Vi, &format!("cli.{key}"), &params)
        );
    };
    std::fs::create_dir_all(&settings.data)?;
    let listener = TcpListener::bind(settings.listen).await?;
    let stop = stop_signal()?;
    say("starting.database", &[]);
    let database = Database::open(&settings.source, house::CONNECTIONS).await?;
    let applied = db::migrate(database.pool(), &house::migrations()).await?;
    if !applied.is_empty() {
        say("starting.migrated", &[("count", applied.len().to_string())]);
    }
    let address = format!("http://{}", listener.local_addr()?);
    let public_address = settings.public_address.as_deref().unwrap_or(&address);
    let program = Program::new(&database, &settings.data, public_address)?;
    let identity = &program.engines.identity;
    let progress = |number: usize, of: usize, step: &str| {
        say(
            &format!("starting.load.{step}"),
            &[("number", number.to_string()), ("of", of.to_string())],
        );
    };
    compose::province::load(&program.ops, identity, settings.demo, &progress).await?;
    program.settle().await?;
    program.publish().await?;
    if settings.demo {
        let names = compose::province::demo_names()?;
        let passwords = secrets::passwords(&settings.data, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let password = |name: &str| passwords.get(name).cloned().unwrap_or_default();
        let accounts = compose::province::demo_accounts(&program.ops, identity, &password).await?;
        secrets::keep_accounts(&settings.data, &accounts)?;
        say("starting.accounts", &[]);
        for account in &accounts {
            eprintln!(
                "  {:<12} {:<20} {}  {}",
                account.role, account.name, account.password, account.agency
            );
        }
    }
    let mut tasks = vec![keep_calendar(&program, &stop)];
    if settings.worker {
        tasks.extend(start_work(&program, database.pool(), &stop));
    }
    let house = program.house(&settings.data, settings.demo, settings.https, settings.behind_gateway)?;
    let router = router(house, database.pool().clone())?;
    println!(
        "{}",
        json!({ "address": address, "version": env!("CARGO_PKG_VERSION"), "data": settings.data })
    );
    say("ready", &[("address", address)]);
    let mut ending = stop.clone();
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            let _ = ending.wait_for(|stopped| *stopped).await;
        })
        .await?;
    say("stopping", &[]);
    for task in tasks {
        let _ = task.await;
    }
    database.pool().close().await;
    Ok(())
}

/// Only works off jobs. The tables and the systems in force are those of the process that serves.
pub(crate) async fn work(database: &Database, data: &std::path::Path, public_address: &str) -> Result<()> {
    let stop = stop_signal()?;
    let program = Program::new(database, data, public_address)?;
    program.settle().await?;
    let mut tasks = vec![keep_calendar(&program, &stop)];
    tasks.extend(start_work(&program, database.pool(), &stop));
    for task in tasks {
        task.await?;
    }
    Ok(())
}

fn keep_calendar(program: &Program, stop: &watch::Receiver<bool>) -> tokio::task::JoinHandle<()> {
    let (ops, calendar) = (program.ops.clone(), program.engines.calendar.clone());
    tokio::spawn(house::keep_calendar(ops, calendar, stop.clone()))
}

fn start_work(program: &Program, pool: &PgPool, stop: &watch::Receiver<bool>) -> [tokio::task::JoinHandle<()>; 2] {
    let worker = Worker::new(program.ops.clone(), program.engines.jobs());
    let stop_worker = stop.clone();
    [
        tokio::spawn(async move { worker.run(stop_worker).await }),
        tokio::spawn(op::audit::keep_sealing(pool.clone(), stop.clone())),
    ]
}

fn stop_signal() -> Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    let mut interrupt = unix::signal(unix::SignalKind::interrupt())?;
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = sender.send(true);
        sender.closed().await;
    });
    Ok(receiver)
}

fn router(house: portal::House, pool: PgPool) -> Result<Router> {
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    let routes = portal::routes();
    let described = web::openapi(&routes, "Ngã Bảy", env!("CARGO_PKG_VERSION"));
    let router = routes
        .into_router(house)
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(move || ready(pool.clone())))
        .route("/metrics", get(async move || metrics.render()))
        .route("/api/openapi.json", get(async move || Json(described.clone())))
        .route("/assets/{name}", get(async |Path(name): Path<String>| asset(&name)))
        .route("/sw.js", get(async || asset("sw.js")))
        .layer(CompressionLayer::new());
    Ok(router)
}

/// Whether this process can serve people now.
async fn ready(pool: PgPool) -> Response {
    match pool.acquire().await {
        Ok(_) => "ready".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "waiting for the database").into_response(),
    }
}

fn asset(name: &str) -> Response {
    let Some(file) = render::asset_file(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if file.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = Response::new(Body::from(file.bytes.into_owned()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
