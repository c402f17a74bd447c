"""Who am I."""
import httpx
from sqlalchemy import text


async def test_x(client: httpx.AsyncClient, akron_client, anonymous_client, session, platform_session, superuser_url, empty_database_url) -> None:
    for c in (client, akron_client, anonymous_client):
        r = await c.get("/api/auth/user/")
        print(r.status_code, r.text)
    print((await session.execute(text("select * from audit_head"))).all())
    print((await platform_session.execute(text("select username from users"))).all())
    print(superuser_url)


async def test_y(client, session):
    r = await client.get("/api/auth/user/")
    assert r.status_code == 200
