"""Times the console's pages on an organisation of a given size. See console-times.sh."""

import http.client
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ROLES, ESTATES, SITES, CATEGORIES, EACH = 50, 10, 100, 54, 10
ESTATES_AND_SITES = 'key = "estate"\nlabel = "Estate"\ngroup = true\n\n[[scope_kind]]\nkey = "site"\nlabel = "Site"\nbelow = ["estate"]'
PAGES = [
    "",
    "/roles",
    "/roles?search=role+1&sort=users",
    "/roles/role1",
    "/roles/role1?open=all",
    "/roles/role1/details",
    "/members",
    "/members?page=10",
    "/members?search=name+77",
    "/members?role=role1",
    "/members/m77",
    "/members/m77/toggles?open=all",
    "/scopes",
    "/scopes/site1",
    "/activity",
    "/audit",
    "/audit?actor=owner&type=RoleAssigned",
    "/audit/over-time",
    "/ask?permission=c1.p1&scope=site1",
    "/ask?member=m77&permission=c1.p1&scope=site1",
    "/reviews",
    "/reports/privileged",
    "/roles/role1?open=all&at=300",
    "/members?at=300",
]


def profile():
    text = Path("aggregates/profiles/blank.toml").read_text()
    text = text.replace('key = "domain"\nlabel = "Domain"', ESTATES_AND_SITES)
    for category in range(CATEGORIES):
        permissions = "".join(
            f'    {{ key = "c{category}.p{number}", label = "Permission {number} of {category}" }},\n' for number in range(EACH)
        )
        text += f'\n[[category]]\nkey = "c{category}"\nlabel = "Category {category}"\npermissions = [\n{permissions}]\n'
    return text


def history(members):
    for estate in range(ESTATES):
        yield f'owner: scope create estate{estate} "Estate {estate}" --kind estate'
    for site in range(SITES):
        yield f'owner: scope create site{site} "Site {site}" --kind site --below estate{site % ESTATES}'
    keys = [f"c{category}.p{number}" for category in range(CATEGORIES) for number in range(EACH)]
    for role in range(ROLES):
        held = " ".join(f"--permission {key}" for key in keys[role::7])
        yield f'owner: role create "Role {role}" --id role{role} {held}'
    for member in range(members):
        roles = f"--role role{member % ROLES} --role role{(member + 1 + member // ROLES % 7) % ROLES}"
        yield f'owner: member add m{member} --name "Name {member}" --selected site{member % SITES} {roles}'


def main(program, members):
    with tempfile.TemporaryDirectory() as directory:
        store = f"sqlite:{directory}/chancery.db"

        def run(*words):
            done = subprocess.run([program, "--store", store, *words], capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr[-2000:] or done.stdout[-2000:])

        Path(directory, "profile.toml").write_text(profile())
        Path(directory, "history.txt").write_text("\n".join(history(members)) + "\n")
        founding = ["organisation", "found", "large", "--profile", f"{directory}/profile.toml"]
        run(*founding, "--name", "Large", "--owner", "owner", "--owner-name", "Owner")
        begun = time.monotonic()
        run("-o", "large", "run", f"{directory}/history.txt")
        print(f"{members:,} members written in {time.monotonic() - begun:.1f} s")
        service = subprocess.Popen(
            [program, "--store", store, "serve", "--listen", "127.0.0.1:0", "--sign-in", "large/owner", "--log", "error"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        try:
            for line in service.stdout:
                if found := re.search(r"(http://\S+/console\S+)", line):
                    link = urlsplit(found.group(1))
                    break
            else:
                sys.exit("the service does not start")
            measure(link)
        finally:
            service.terminate()
            service.wait()


def measure(link):
    connection = http.client.HTTPConnection(link.hostname, link.port)

    def ask(method, path, body=None, cookie=None):
        headers = {"Host": link.netloc}
        if cookie:
            headers["Cookie"] = cookie
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()

    answer, page = ask("GET", f"{link.path}?{link.query}")
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.decode()))
    action = re.search(rb'<form[^>]*action="([^"]+)"', page)
    if answer.status == 200 and action:
        answer, page = ask("POST", action.group(1).decode(), urlencode(fields))
    cookie = "; ".join(value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie")
    print(f"{'page':<48}{'bytes':>9}{'first':>9}{'median':>9}{'slowest':>9}")
    for page in PAGES:
        times = []
        for _ in range(21):
            begun = time.perf_counter()
            answer, body = ask("GET", f"/console/large{page}", cookie=cookie)
            times.append((time.perf_counter() - begun) * 1000)
            if answer.status != 200:
                sys.exit(f"{page}: {answer.status} {answer.getheader('location')} {body[:300]}")
        first, others = times[0], times[1:]
        print(f"{page or '/':<48}{len(body):>9,}{first:>9.1f}{statistics.median(others):>9.1f}{max(others):>9.1f}")


main(sys.argv[1], int(sys.argv[2]))
