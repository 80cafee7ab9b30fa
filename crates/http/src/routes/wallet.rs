//! A member's own wallet.

use actix_web::{HttpResponse, HttpResponseBuilder, get, http::header, post, web};
use mainstay_model::ledger::{AccountRef, HoldState};
use mainstay_services::{
    limits,
    wallet::{self, Outcome, StatementFilter},
};
use serde::Serialize;

use crate::{
    body::Once,
    extract::SignedInMember,
    problem::Problem,
    routes::{Answer, Registry, Server},
    statement_csv,
    views::{
        cursor, page_limit,
        wallet::{
            BalanceAtView, BalanceQuery, HoldsQuery, HoldsView, NewTransfer, StatementQuery, StatementView,
            TransferView, WalletView, moment,
        },
        word,
    },
};
#[cfg(feature = "sabotage")]
use mainstay_services::sabotage::{self, Guard};

pub(crate) fn configure(services: &mut impl Registry) {
    services
        .service(get_wallet)
        .service(get_balance)
        .service(get_statement)
        .service(get_statement_csv)
        .service(list_holds)
        .service(transfer_points);
}

/// Says in a header that it was done before.
const REPLAYED: &str = "idempotent-replayed";

/// The answer to a posting: 201, the first time and whenever it is asked for again.
pub(crate) fn posted<T>(outcome: Outcome<T>, view: impl FnOnce(T) -> HttpResponse) -> HttpResponse {
    let mut response = view(outcome.receipt);
    if outcome.is_replay {
        response
            .headers_mut()
            .insert(header::HeaderName::from_static(REPLAYED), header::HeaderValue::from_static("true"));
    }
    response
}

/// 201 with a view.
pub(crate) fn created(view: impl Serialize) -> HttpResponse {
    HttpResponseBuilder::new(actix_web::http::StatusCode::CREATED).json(view)
}

/// Reads the own wallet
#[utoipa::path(tag = "wallet", responses((status = 200, description = "What it has", body = WalletView)))]
#[get("/v1/wallet")]
pub(crate) async fn get_wallet(server: Server, member: SignedInMember) -> Answer<WalletView> {
    let balance = wallet::balance(&server.app, member.caller.member_id).await?;
    Ok(web::Json(balance.into()))
}

/// Reads the own balance at a moment
#[utoipa::path(
    tag = "wallet",
    params(BalanceQuery),
    responses((status = 200, description = "The balance", body = BalanceAtView))
)]
#[get("/v1/wallet/balance")]
pub(crate) async fn get_balance(
    server: Server,
    member: SignedInMember,
    query: web::Query<BalanceQuery>,
) -> Answer<BalanceAtView> {
    let at = moment("at", query.at.as_deref())?.unwrap_or_else(|| server.app.now());
    let balance = wallet::balance_at(&server.app, member.caller.member_id, at).await?;
    Ok(web::Json(BalanceAtView { at, balance }))
}

/// Reads the own statement, newest first
#[utoipa::path(
    tag = "wallet",
    params(StatementQuery),
    responses((status = 200, description = "One page", body = StatementView))
)]
#[get("/v1/wallet/statement")]
pub(crate) async fn get_statement(
    server: Server,
    member: SignedInMember,
    query: web::Query<StatementQuery>,
) -> Answer<StatementView> {
    let filter = query.filter()?;
    let limit = filter.limit;
    let lines = wallet::statement(&server.app, member.caller.member_id, filter).await?;
    Ok(web::Json(StatementView::new(lines, limit)))
}

/// Reads the own statement as a table (CSV, RFC 4180), newest first
///
/// At most 10000 lines; `limit` and `cursor` do not matter. Where there are more, the header `x-more-lines` says so: narrow the
/// time.
#[utoipa::path(
    tag = "wallet",
    params(StatementQuery),
    responses((status = 200, description = "The lines", body = String, content_type = "text/csv"))
)]
#[get("/v1/wallet/statement.csv")]
pub(crate) async fn get_statement_csv(
    server: Server,
    member: SignedInMember,
    query: web::Query<StatementQuery>,
) -> Result<HttpResponse, Problem> {
    let mut filter = StatementFilter { before_sequence: None, ..query.filter()? };
    filter.limit = limits::STATEMENT_LINES_MAX;
    let mut lines = Vec::new();
    let has_more = loop {
        let page = wallet::statement(&server.app, member.caller.member_id, filter.clone()).await?;
        let is_last = page.len() < filter.limit as usize;
        filter.before_sequence = page.last().map(|line| line.entry.sequence);
        lines.extend(page);
        if is_last || lines.len() >= limits::STATEMENT_CSV_LINES_MAX {
            break !is_last;
        }
    };
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"statement.csv\""));
    if has_more {
        response.insert_header(("x-more-lines", "true"));
    }
    Ok(response.body(statement_csv::table(&lines)))
}

/// Lists own points that are held, newest first
#[utoipa::path(tag = "wallet", params(HoldsQuery), responses((status = 200, description = "One page", body = HoldsView)))]
#[get("/v1/wallet/holds")]
pub(crate) async fn list_holds(
    server: Server,
    member: SignedInMember,
    query: web::Query<HoldsQuery>,
) -> Answer<HoldsView> {
    let limit = page_limit(query.limit)?;
    let state = query.state.as_deref().map(|text| word::<HoldState>("state", text)).transpose()?;
    let before = cursor(query.cursor.as_deref())?;
    let holds = wallet::holds(&server.app, member.caller.member_id, state, before, limit).await?;
    Ok(web::Json(HoldsView::new(holds, limit)))
}

/// Sends points to another member
///
/// Needs an `Idempotency-Key`: the same key and body are answered alike and happen once.
#[utoipa::path(
    tag = "wallet",
    params(("Idempotency-Key" = String, Header, description = "A value of your own, the same when you try again")),
    request_body = NewTransfer,
    responses((status = 201, description = "The transfer", body = TransferView))
)]
#[post("/v1/wallet/transfers")]
pub(crate) async fn transfer_points(
    server: Server,
    member: SignedInMember,
    once: Once<NewTransfer>,
) -> Result<HttpResponse, Problem> {
    let Once { key, body } = once;
    let caller = member.caller;
    #[cfg(feature = "sabotage")]
    let caller = match body.from.filter(|_| sabotage::is_off(Guard::WalletOwner)) {
        Some(member_id) => mainstay_services::Caller { member_id, ..caller },
        None => caller,
    };
    let done = wallet::transfer(&server.app, &caller, &key, body.to, body.amount.0, &body.reason).await?;
    let own = AccountRef::member(caller.member_id).id;
    Ok(posted(done, |settlement| created(TransferView::of(settlement, own))))
}
