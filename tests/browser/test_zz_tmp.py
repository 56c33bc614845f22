import os
from pathlib import Path
from tests.browser import patient_screens, staff_screens
from tests.browser.screens import Visit
from tests.browser.service import browsing, DESK, PHONE
from tests.browser.test_everybody_can_read import cookies, everybody_reads
from tests.builders import NOW
OUT=Path('/tmp/shots'); OUT.mkdir(exist_ok=True)
ONLY=os.environ.get("ONLY")
def test_shoot(chromium, riverside):
    for lang in ("en","ar"):
        for s in patient_screens.SCREENS:
            if ONLY and ONLY not in s.name: continue
            riverside.now=NOW
            with browsing(chromium,riverside,viewport=PHONE,locale=lang) as page:
                s.go(Visit(page,riverside,lang))
                for scheme,size,tag in (("light",PHONE,"p"),("dark",PHONE,"pd"),("light",DESK,"d")):
                    page.emulate_media(color_scheme=scheme); page.set_viewport_size(size)
                    page.screenshot(path=str(OUT/f"pat-{s.name.replace(' ','_').replace(',','')}-{lang}-{tag}.png"),full_page=True)
    for lang in ("en","es"):
        everybody_reads(riverside,lang)
        for s in staff_screens.SCREENS:
            if ONLY and ONLY not in s.name: continue
            riverside.now=NOW
            with browsing(chromium,riverside,viewport=DESK,locale=lang,storage_state=cookies(chromium,riverside,s.who)) as page:
                s.go(Visit(page,riverside,lang))
                for scheme,size,tag in (("light",DESK,"d"),("dark",DESK,"dd"),("light",PHONE,"p")):
                    page.emulate_media(color_scheme=scheme); page.set_viewport_size(size)
                    page.screenshot(path=str(OUT/f"staff-{s.name.replace(' ','_').replace(',','')}-{lang}-{tag}.png"),full_page=True)
