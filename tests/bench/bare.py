"""A bare FastAPI endpoint under uvicorn, the floor of what is served over HTTP:
`python -m tests.bench.bare` prints its port."""

import socket

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/bare/{title_id}")
async def bare(title_id: str, aspect: str = "16:9") -> dict[str, str]:
    return {"title_id": title_id, "aspect": aspect}


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_keep_alive=75)
    uvicorn.Server(config).run([listener])
