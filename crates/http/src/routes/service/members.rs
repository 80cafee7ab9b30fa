//! Members, for services.

use actix_web::{get, web};
use mainstay_model::MemberId;
use mainstay_services::members;

use crate::{
    extract::{Id, ServiceCaller},
    routes::{Answer, Server},
    views::member::ServiceMemberView,
};

/// Reads a member
#[utoipa::path(
    tag = "service",
    params(("member_id" = Uuid, Path)),
    responses((status = 200, description = "The member", body = ServiceMemberView))
)]
#[get("/v1/service/members/{member_id}")]
pub(crate) async fn get_service_member(
    server: Server,
    _caller: ServiceCaller,
    Id(id): Id<MemberId>,
) -> Answer<ServiceMemberView> {
    let member = members::by_id(&server.app, id).await?;
    Ok(web::Json(member.into()))
}
