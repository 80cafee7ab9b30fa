//! Rules by which purchases become points, and whose customers are whose (WHK-4).

use actix_web::{HttpResponse, delete, get, post, web};
use mainstay_model::{MemberId, PurchaseRuleId};
use mainstay_services::purchases;

use crate::{
    body::Json,
    extract::{Context, Id, Operator},
    problem::Problem,
    routes::{Answer, Server},
    views::purchase::{
        CustomerLinkView, NewCustomerLink, NewPurchaseRule, PurchaseRuleView, PurchaseRulesView,
    },
};

/// Lists the rules by which purchases become points
#[utoipa::path(tag = "operator", responses((status = 200, description = "The rules", body = PurchaseRulesView)))]
#[get("/v1/operator/purchase-rules")]
pub(crate) async fn list_purchase_rules(server: Server, _operator: Operator) -> Answer<PurchaseRulesView> {
    let rules = purchases::rules(&server.app).await?;
    Ok(web::Json(PurchaseRulesView { items: rules.into_iter().map(Into::into).collect() }))
}

/// Makes a rule
///
/// Of the rules that fit a purchase, the one that gives most counts. Points are rounded down.
#[utoipa::path(tag = "operator", responses((status = 201, description = "The rule", body = PurchaseRuleView)))]
#[post("/v1/operator/purchase-rules")]
pub(crate) async fn create_purchase_rule(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Json(new): Json<NewPurchaseRule>,
) -> Result<HttpResponse, Problem> {
    let rule = purchases::make_rule(&server.app, &context, &operator.0, &new.try_into()?).await?;
    Ok(HttpResponse::Created().json(PurchaseRuleView::from(rule)))
}

/// Has a rule end now
#[utoipa::path(
    tag = "operator",
    params(("purchase_rule_id" = Uuid, Path)),
    responses((status = 204, description = "It ended"))
)]
#[delete("/v1/operator/purchase-rules/{purchase_rule_id}")]
pub(crate) async fn end_purchase_rule(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<PurchaseRuleId>,
) -> Result<HttpResponse, Problem> {
    purchases::end_rule(&server.app, &context, &operator.0, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Links a source's customer, card or code to a member
///
/// Purchases that carry it are the member's from now on.
#[utoipa::path(
    tag = "operator",
    params(("member_id" = Uuid, Path)),
    responses((status = 201, description = "The link", body = CustomerLinkView))
)]
#[post("/v1/operator/members/{member_id}/purchase-links")]
pub(crate) async fn link_customer(
    server: Server,
    Context(context): Context,
    operator: Operator,
    Id(id): Id<MemberId>,
    Json(new): Json<NewCustomerLink>,
) -> Result<HttpResponse, Problem> {
    let link = purchases::link_for(&server.app, &context, &operator.0, id, &new.try_into()?).await?;
    Ok(HttpResponse::Created().json(CustomerLinkView::from(link)))
}
