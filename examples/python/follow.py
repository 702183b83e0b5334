"""Follows all chats of a user without losing a message, and answers "ping" with "pong", once.

    pip install "gql[websockets]>=4"
    PARLEY_TOKEN=pat_… python follow.py ws://127.0.0.1:4000/graphql cursors.json

The token is an API token: `createApiToken` in GraphiQL. The file keeps the last cursor of each chat, so that the next start goes on
where this one stopped.
"""

import asyncio
import json
import os
import random
import sys
from pathlib import Path

from gql import Client, gql
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

EVENTS = """
subscription ($after: [Cursor!]) {
  events(after: $after) {
    __typename
    ... on DurableEvent { chatId cursor }
    ... on ChatAdded { chatId cursor }
    ... on ChatReady { chatId cursor }
    ... on ChatRemoved { chatId }
    ... on ResyncRequired { chatId reason }
    ... on SubscriptionEnded { code reason }
    ... on MessageSent { message { id text sender { username } } }
  }
}
"""

SEND = """
mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { __typename ... on Error { reason } ... on RateLimitedError { retryAfterMs } }
}
"""

CURSORS_MOST = 2000  # those of chats beyond are told as ChatAdded


class Cursors:
    """The last cursor of each chat, the newest last; in a file that is replaced as a whole."""

    def __init__(self, path: Path):
        self.path = path
        self.by_chat: dict[str, str] | None = json.loads(path.read_text()) if path.exists() else None

    def after(self) -> list[str] | None:
        """None, the first time: nothing is replayed. From then on a list, an empty one too."""
        return None if self.by_chat is None else list(self.by_chat.values())[-CURSORS_MOST:]

    def take(self, event: dict) -> None:
        self.by_chat = self.by_chat or {}
        chat_id = event.get("chatId")
        if chat_id is not None:
            self.by_chat.pop(chat_id, None)
            if "cursor" in event:
                self.by_chat[chat_id] = event["cursor"]
        written = self.path.with_suffix(".new")
        written.write_text(json.dumps(self.by_chat))
        written.replace(self.path)


async def wait_or_raise(error: TransportQueryError) -> None:
    """UNAVAILABLE is worth repeating, and any other error is not."""
    extensions = (error.errors or [{}])[0].get("extensions", {})
    if extensions.get("code") != "UNAVAILABLE":
        raise error
    await asyncio.sleep(extensions.get("retryAfterMs", 1000) / 1000)


async def send(session, chat_id: str, text: str, key: str) -> None:
    """Repeats until there is an answer. The server takes a `clientMessageId` once, so that repeating is safe."""
    request = gql(SEND)
    request.variable_values = {"input": {"chatId": chat_id, "text": text, "clientMessageId": key}}
    while True:
        try:
            answer = (await session.execute(request))["sendMessage"]
        except TransportQueryError as error:
            await wait_or_raise(error)
            continue
        if answer["__typename"] != "RateLimitedError":
            if "reason" in answer:
                print("Not sent:", answer["reason"])
            return
        await asyncio.sleep(answer["retryAfterMs"] / 1000)


async def follow(url: str, cursors: Cursors) -> None:
    transport = WebsocketsTransport(
        url=url,
        init_payload={"authorization": f"Token {os.environ['PARLEY_TOKEN']}"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        ping_interval=5,  # a connection that is dead without a word is given up
        pong_timeout=5,
    )
    async with Client(transport=transport, execute_timeout=30) as session:
        request = gql(EVENTS)
        request.variable_values = {"after": cursors.after()}
        async for result in session.subscribe(request):
            event = result["events"]
            kind = event["__typename"]
            if kind == "SubscriptionEnded":
                print("Ended:", event["reason"])
                return
            if kind == "ResyncRequired":
                print("Query this chat again:", event["chatId"], event["reason"])
            if kind == "MessageSent":
                message = event["message"]
                print(f"{message['sender']['username']}: {message['text']}", flush=True)
                if message["text"] == "ping":
                    # One key for each message that is answered: whatever happens in between, it is answered once.
                    await send(session, event["chatId"], "pong", f"pong-{message['id']}")
            cursors.take(event)  # after it was dealt with, so that a crash repeats it rather than loses it


async def main() -> None:
    url, path = sys.argv[1], Path(sys.argv[2])
    cursors = Cursors(path)
    tries = 0
    while True:
        begun = asyncio.get_running_loop().time()
        try:
            await follow(url, cursors)
        except TransportQueryError as error:
            await wait_or_raise(error)
        except (TransportError, OSError, asyncio.TimeoutError) as error:
            print("Away:", error or type(error).__name__, flush=True)
        tries = 0 if asyncio.get_running_loop().time() - begun > 10 else tries + 1
        # A little later each time, and not all at the same moment.
        await asyncio.sleep(min(5, 0.1 * 2**tries) * random.uniform(0.5, 1))


asyncio.run(main())
