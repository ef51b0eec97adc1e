"""The table of tests/test_access.py: every address, and what each role is answered there."""

from __future__ import annotations

from collections.abc import Iterator

ROLES = ["nobody", "off", "learner", "manager", "other", "editor", "hr", "operator", "super"]

TABLE = """
address                                                  method nobody off learner manager other editor hr  operator super
healthz                                                  GET    200    200 200     200     200   200    200 200      200
healthz                                                  POST   405    405 405     405     405   405    405 405      405
readyz                                                   GET    200    200 200     200     200   200    200 200      200
readyz                                                   POST   405    405 405     405     405   405    405 405      405

accounts/sign-in/                                        GET    200    200 go      go      go    go     go  go       go
accounts/sign-in/                                        POST   200    200 go      go      go    go     go  go       go
accounts/sign-in/demo/                                   GET    405    405 405     405     405   405    405 405      405
accounts/sign-in/demo/                                   POST   404    404 404     404     404   404    404 404      404
accounts/sign-out/                                       GET    405    405 405     405     405   405    405 405      405
accounts/sign-out/                                       POST   go     go  go      go      go    go     go  go       go
accounts/sign-out/everywhere/                            GET    in     in  405     405     405   405    405 405      405
accounts/sign-out/everywhere/                            POST   in     in  go      go      go    go     go  go       go
accounts/reset/                                          GET    200    200 200     200     200   200    200 200      200
accounts/reset/                                          POST   200    200 200     200     200   200    200 200      200
accounts/reset/sent/                                     GET    200    200 200     200     200   200    200 200      200
accounts/reset/sent/                                     POST   405    405 405     405     405   405    405 405      405
accounts/reset/<uidb64>/<token>/                         GET    go     go   go     go      go    go     go  go       go
accounts/reset/<uidb64>/<token>/                         POST   go     go   go     go      go    go     go  go       go
accounts/slip/                                           GET    200    200 go      go      go    go     go  go       go
accounts/slip/                                           POST   200    200 go      go      go    go     go  go       go
accounts/slip/password/                                  GET    go     go  go      go      go    go     go  go       go
accounts/slip/password/                                  POST   go     go  go      go      go    go     go  go       go
accounts/invitation/<str:code>/                          GET    200    200 go      go      go    go     go  go       go
accounts/invitation/<str:code>/                          POST   405    405 405     405     405   405    405 405      405
accounts/slips/                                          GET    in     in  403     200     200   403    200 403      200
accounts/slips/                                          POST   in     in  405     405     405   405    405 405      405
accounts/slips/team/<int:team>/                          GET    in     in  403     200     404   403    200 403      200
accounts/slips/team/<int:team>/                          POST   in     in  403     200     404   403    200 403      200
accounts/slips/<int:person>/                             GET    in     in  405     405     405   405    405 405      405
accounts/slips/<int:person>/                             POST   in     in  404     200     404   404    200 404      200
accounts/mail/<str:token>/                               GET    200    200 200     200     200   200    200 200      200
accounts/mail/<str:token>/                               POST   200    200 200     200     200   200    200 200      200
accounts/profile/                                        GET    in     in  200     200     200   200    200 200      200
accounts/profile/                                        POST   in     in  200     200     200   200    200 200      200
accounts/password/                                       GET    in     in  200     200     200   200    200 200      200
accounts/password/                                       POST   in     in  200     200     200   200    200 200      200

reports/                                                 GET    in     in  403     200     200   403    200 403      200
reports/                                                 POST   in     in  405     405     405   405    405 405      405
reports/grid/                                            GET    in     in  403     200     200   403    200 403      200
reports/grid/                                            POST   in     in  405     405     405   405    405 405      405
reports/remind/                                          GET    in     in  403     go      go    403    go  403      go
reports/remind/                                          POST   in     in  403     go      go    403    go  403      go
reports/more-time/                                       GET    in     in  403     go      go    403    go  403      go
reports/more-time/                                       POST   in     in  403     go      go    403    go  403      go
reports/team.csv                                         GET    in     in  403     200     200   403    200 403      200
reports/team.csv                                         POST   in     in  405     405     405   405    405 405      405
reports/team.xlsx                                        GET    in     in  403     200     200   403    200 403      200
reports/team.xlsx                                        POST   in     in  405     405     405   405    405 405      405
reports/organization/                                    GET    in     in  403     200     200   403    200 403      200
reports/organization/                                    POST   in     in  405     405     405   405    405 405      405
reports/organization.csv                                 GET    in     in  403     200     200   403    200 403      200
reports/organization.csv                                 POST   in     in  405     405     405   405    405 405      405
reports/organization.xlsx                                GET    in     in  403     200     200   403    200 403      200
reports/organization.xlsx                                POST   in     in  405     405     405   405    405 405      405
reports/people/<int:person>/                             GET    in     in  404     200     404   404    200 404      200
reports/people/<int:person>/                             POST   in     in  405     405     405   405    405 405      405
reports/people/<int:person>/record/                      GET    in     in  404     200     404   404    200 404      200
reports/people/<int:person>/record/                      POST   in     in  405     405     405   405    405 405      405
reports/people/<int:person>/attempts/<int:attempt>/      GET    in     in  404     404     404   404    200 404      200
reports/people/<int:person>/attempts/<int:attempt>/      POST   in     in  404     404     404   404    200 404      200
reports/people/<int:enrollment>/more-time/               GET    in     in  404     200     404   404    go  404      go
reports/people/<int:enrollment>/more-time/               POST   in     in  404     200     404   404    go  404      go
reports/objectives/                                      GET    in     in  403     200     200   403    200 403      200
reports/objectives/                                      POST   in     in  405     405     405   405    405 405      405
reports/questions/                                       GET    in     in  403     403     403   200    200 403      200
reports/questions/                                       POST   in     in  405     405     405   405    405 405      405
reports/questions/<slug:course>/                         GET    in     in  403     403     403   200    200 403      200
reports/questions/<slug:course>/                         POST   in     in  405     405     405   405    405 405      405
reports/questions/<slug:course>/<slug:question>/         GET    in     in  403     403     403   200    200 403      200
reports/questions/<slug:course>/<slug:question>/         POST   in     in  405     405     405   405    405 405      405

                                                         GET    200    200 200     200     200   200    200 200      200
                                                         POST   405    405 405     405     405   405    405 405      405
my/news/                                                 GET    in     in  405     405     405   405    405 405      405
my/news/                                                 POST   in     in  go      go      go    go     go  go       go
my/what-my-manager-sees/                                 GET    in     in  200     200     200   200    200 200      200
my/what-my-manager-sees/                                 POST   in     in  405     405     405   405    405 405      405
my/data/                                                 GET    in     in  405     405     405   405    405 405      405
my/data/                                                 POST   in     in  200     200     200   200    200 200      200
my/certificates/<slug:code>/                             GET    in     in  200     404     404   404    404 404      404
my/certificates/<slug:code>/                             POST   in     in  405     405     405   405    405 405      405
my/certificates/<slug:code>/<slug:paper>.pdf             GET    in     in  200     404     404   404    404 404      404
my/certificates/<slug:code>/<slug:paper>.pdf             POST   in     in  405     405     405   405    405 405      405
certificates/                                            GET    200    200 200     200     200   200    200 200      200
certificates/                                            POST   405    405 405     405     405   405    405 405      405
certificates/<str:code>/                                 GET    200    200 200     200     200   200    200 200      200
certificates/<str:code>/                                 POST   405    405 405     405     405   405    405 405      405
search/                                                  GET    in     in  200     200     200   200    200 200      200
search/                                                  POST   in     in  405     405     405   405    405 405      405
texts/<int:revision>/                                    GET    in     in  404     404     404   200    200 404      200
texts/<int:revision>/                                    POST   in     in  405     405     405   405    405 405      405
courses/<slug:course>/                                   GET    in     in  200     404     404   200    404 404      200
courses/<slug:course>/                                   POST   in     in  405     405     405   405    405 405      405
courses/<slug:course>/module/<slug:module>/              GET    in     in  200     404     404   200    404 404      200
courses/<slug:course>/module/<slug:module>/              POST   in     in  405     405     405   405    405 405      405
courses/<slug:course>/images/<slug:name>.webp            GET    404    404 200     404     404   200    404 404      200
courses/<slug:course>/images/<slug:name>.webp            POST   405    405 405     405     405   405    405 405      405
courses/<slug:course>/<slug:lesson>/                     GET    in     in  200     404     404   200    404 404      200
courses/<slug:course>/<slug:lesson>/                     POST   405    405 405     405     405   405    405 405      405
courses/<slug:course>/<slug:lesson>/complete/            GET    in     in  go      go      go    go     go  go       go
courses/<slug:course>/<slug:lesson>/complete/            POST   in     in  go      404     404   404    404 404      404
courses/<slug:course>/<slug:lesson>/check/               GET    go     go  go      go      go    go     go  go       go
courses/<slug:course>/<slug:lesson>/check/               POST   in     in  go      404     404   200    404 404      200
courses/<slug:course>/<slug:lesson>/flag/                GET    in     in  go      go      go    go     go  go       go
courses/<slug:course>/<slug:lesson>/flag/                POST   in     in  go      404     404   go     404 404      go
courses/<slug:course>/<slug:lesson>/quiz/                GET    in     in  go      404     404   404    404 404      404
courses/<slug:course>/<slug:lesson>/quiz/                POST   in     in  go      404     404   404    404 404      404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/   GET    in     in  go      404     404   404    404 404      404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/   POST   in     in  405     405     405   405    405 405      405
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/close/          GET  in in 200 404 404 404 404 404 404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/close/          POST in in go  404 404 404 404 404 404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/<int:position>/ GET  in in 200 404 404 404 404 404 404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/<int:position>/ POST in in go  404 404 404 404 404 404

sessions/                                                GET    in     in  200     200     200   200    200 200      200
sessions/                                                POST   in     in  405     405     405   405    405 405      405
sessions/<int:session>/                                  GET    in     in  200     404     200   404    200 404      200
sessions/<int:session>/                                  POST   in     in  405     405     405   405    405 405      405
sessions/<int:session>/register/                         GET    in     in  go      404     404   404    404 404      404
sessions/<int:session>/register/                         POST   in     in  go      404     404   404    404 404      404
sessions/<int:session>/cancel/                           GET    in     in  go      404     go    404    go  404      go
sessions/<int:session>/cancel/                           POST   in     in  go      404     go    404    go  404      go
sessions/<int:session>/calendar.ics                      GET    in     in  200     404     200   404    200 404      200
sessions/<int:session>/calendar.ics                      POST   in     in  405     405     405   405    405 405      405
sessions/<int:session>/attendance/                       GET    in     in  404     404     200   404    200 404      200
sessions/<int:session>/attendance/                       POST   in     in  404     404     go    404    go  404      go
sessions/<int:session>/participants.csv                  GET    in     in  404     404     200   404    200 404      200
sessions/<int:session>/participants.csv                  POST   in     in  405     405     405   405    405 405      405

admin/                                                   GET    in     in  403     403     403   200    200 200      200
admin/                                                   POST   in     in  403     403     403   200    200 200      200
admin/login/                                             GET    in     in  in      in      in    go     go  go       go
admin/login/                                             POST   in     in  in      in      in    go     go  go       go
admin/sender/                                            GET    in     in  403     403     403   403    403 200      200
admin/sender/                                            POST   in     in  403     403     403   403    403 200|405  200|405
admin/invite/                                            GET    in     in  403     403     403   403    200 403      200
admin/invite/                                            POST   in     in  403     403     403   403    200 403      200
admin/not-come/                                          GET    in     in  403     403     403   403    200 403      200
admin/not-come/                                          POST   in     in  403     403     403   403    200 403      200
admin/courses/course/<int:pk>/facts/                     GET    in     in  403     403     403   200    403 403      200
admin/courses/course/<int:pk>/facts/                     POST   in     in  403     403     403   go     403 403      go
admin/courses/course/<int:pk>/facts/add/                 GET    in     in  403     403     403   200    403 403      200
admin/courses/course/<int:pk>/facts/add/                 POST   in     in  403     403     403   200    403 403      200
admin/preview/<slug:course>/                             GET    in     in  403     403     403   200    403 403      200
admin/preview/<slug:course>/                             POST   in     in  403     403     403   go     403 403      go
admin/preview/<slug:course>/module/<slug:module>/        GET    in     in  403     403     403   200    403 403      200
admin/preview/<slug:course>/module/<slug:module>/        POST   in     in  403     403     403   405    403 403      405
admin/preview/<slug:course>/<slug:lesson>/               GET    in     in  403     403     403   200    403 403      200
admin/preview/<slug:course>/<slug:lesson>/               POST   in     in  403     403     403   405    403 403      405
admin/preview/<slug:course>/<slug:lesson>/complete/      GET    in     in  403     403     403   go     403 403      go
admin/preview/<slug:course>/<slug:lesson>/complete/      POST   in     in  403     403     403   go     403 403      go
admin/preview/<slug:course>/<slug:lesson>/check/         GET    in     in  403     403     403   go     403 403      go
admin/preview/<slug:course>/<slug:lesson>/check/         POST   in     in  403     403     403   go     403 403      go
admin/preview/<slug:course>/<slug:lesson>/quiz/          GET    in     in  403     403     403   go     403 403      go
admin/preview/<slug:course>/<slug:lesson>/quiz/          POST   in     in  403     403     403   go     403 403      go
admin/preview/<slug:course>/<slug:lesson>/quiz/<int:number>/ GET    in     in  403     403     403   404    403 403      404
admin/preview/<slug:course>/<slug:lesson>/quiz/<int:number>/ POST   in     in  403     403     403   405    403 403      405
admin/preview/<slug:course>/<slug:lesson>/quiz/<int:number>/close/ GET    in     in  403     403     403   404    403 403      404
admin/preview/<slug:course>/<slug:lesson>/quiz/<int:number>/close/ POST   in     in  403     403     403   404    403 403      404
admin/preview/<slug:course>/<slug:lesson>/quiz/<int:number>/<int:position>/ GET    in     in  403     403     403   404    403 403      404
admin/preview/<slug:course>/<slug:lesson>/quiz/<int:number>/<int:position>/ POST   in     in  403     403     403   404    403 403      404
admin/accounts/team/<int:pk>/merge/                      GET    in     in  403     403     403   403    200 403      200
admin/accounts/team/<int:pk>/merge/                      POST   in     in  403     403     403   403    200 403      200
admin/courses/lesson/<int:pk>/preview/                   GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/preview/                   POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/pane/                      GET    in     in  403     403     403   404    403 403      404
admin/courses/lesson/<int:pk>/pane/                      POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/parts/                     GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/parts/                     POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/compare/                   GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/compare/                   POST   in     in  403     403     403   200    403 403      200
admin/courses/image/<int:pk>/replace/                    GET    in     in  403     403     403   200    403 403      200
admin/courses/image/<int:pk>/replace/                    POST   in     in  403     403     403   200    403 403      200
admin/courses/image/<int:pk>/retire/                     GET    in     in  403     403     403   200    403 403      200
admin/courses/image/<int:pk>/retire/                     POST   in     in  403     403     403   go     403 403      go
admin/courses/bundle/start/                              GET    in     in  403     403     403   200    403 403      200
admin/courses/bundle/start/                              POST   in     in  403     403     403   200    403 403      200
admin/courses/bundle/shipped/<slug:course>/              GET    in     in  403     403     403   404    403 403      404
admin/courses/bundle/shipped/<slug:course>/              POST   in     in  403     403     403   404    403 403      404
admin/courses/bundle/of/<slug:course>/zip/               GET    in     in  403     403     403   go     403 403      go
admin/courses/bundle/of/<slug:course>/zip/               POST   in     in  403     403     403   200    403 403      200
admin/courses/bundle/of/<slug:course>/copy/              GET    in     in  403     403     403   200    403 403      200
admin/courses/bundle/of/<slug:course>/copy/              POST   in     in  403     403     403   200    403 403      200
admin/courses/bundle/<int:pk>/bring-in/                  GET    in     in  403     403     403   go     403 403      go
admin/courses/bundle/<int:pk>/bring-in/                  POST   in     in  403     403     403   200    403 403      200
admin/courses/bundle/<int:pk>/throw-away/                GET    in     in  403     403     403   go     403 403      go
admin/courses/bundle/<int:pk>/throw-away/                POST   in     in  403     403     403   go     403 403      go
admin/courses/bundle/<int:pk>/<slug:noun>/<str:key>/     GET    in     in  403     403     403   200    403 403      200
admin/courses/bundle/<int:pk>/<slug:noun>/<str:key>/     POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/publish/                   GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/publish/                   POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/revisions/                 GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/revisions/                 POST   in     in  403     403     403   200|405 403 403     200|405
admin/courses/lesson/<int:pk>/revisions/<int:number>/    GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/revisions/<int:number>/    POST   in     in  403     403     403   200|405 403 403     200|405
admin/courses/lesson/<int:pk>/revisions/<int:number>/restore/ GET in    in  403     403     403   go     403 403      go
admin/courses/lesson/<int:pk>/revisions/<int:number>/restore/ POST in   in  403     403     403   go     403 403      go
admin/courses/enrollment/<int:pk>/do/<slug:verb>/        GET    in     in  403     403     403   403    200 403      200
admin/courses/enrollment/<int:pk>/do/<slug:verb>/        POST   in     in  403     403     403   403    200 403      200
admin/courses/enrollment/do/<slug:verb>/                 GET    in     in  403     403     403   403    go  403      go
admin/courses/enrollment/do/<slug:verb>/                 POST   in     in  403     403     403   403    go  403      go
admin/courses/lesson/<int:pk>/do/<slug:verb>/            GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/do/<slug:verb>/            POST   in     in  403     403     403   go     403 403      go
admin/quizzes/quiz/<int:pk>/put-in/                      GET    in     in  403     403     403   200    403 403      200
admin/quizzes/quiz/<int:pk>/put-in/                      POST   in     in  403     403     403   go     403 403      go
admin/quizzes/quiz/<int:pk>/take-out/<int:number>/       GET    in     in  403     403     403   200|go 403 403      200|go
admin/quizzes/quiz/<int:pk>/take-out/<int:number>/       POST   in     in  403     403     403   go     403 403      go
admin/quizzes/quiz/<int:pk>/order/                       GET    in     in  403     403     403   go     403 403      go
admin/quizzes/quiz/<int:pk>/order/                       POST   in     in  403     403     403   go     403 403      go
admin/quizzes/question/<int:pk>/retire/                  GET    in     in  403     403     403   200    403 403      200
admin/quizzes/question/<int:pk>/retire/                  POST   in     in  403     403     403   200    403 403      200
admin/quizzes/question/<int:pk>/regrade/                 GET    in     in  403     403     403   200    403 403      200
admin/quizzes/question/<int:pk>/regrade/                 POST   in     in  403     403     403   go     403 403      go
admin/accounts/user/<int:pk>/data/                       GET    in     in  403     403     403   403    405 403      405
admin/accounts/user/<int:pk>/data/                       POST   in     in  403     403     403   403    200 403      200
admin/accounts/user/<int:pk>/erase/                      GET    in     in  403     403     403   403    200 403      200
admin/accounts/user/<int:pk>/erase/                      POST   in     in  403     403     403   403    200 403      200
admin/admin/logentry/csv/                                GET    in     in  403     403     403   403    405 403      405
admin/admin/logentry/csv/                                POST   in     in  403     403     403   403    200 403      200
admin/events/livesession/<int:pk>/cancel/                GET    in     in  403     403     403   403    200 403      200
admin/events/livesession/<int:pk>/cancel/                POST   in     in  403     403     403   403    go  403      go
admin/courses/course/<int:pk>/home/                      GET    in     in  403     403     403   200    403 403      200
admin/courses/course/<int:pk>/home/                      POST   in     in  403     403     403   200    403 403      200
admin/courses/course/<int:pk>/order/                     GET    in     in  403     403     403   go     403 403      go
admin/courses/course/<int:pk>/order/                     POST   in     in  403     403     403   go     403 403      go
admin/courses/lesson/<int:pk>/move/                      GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/move/                      POST   in     in  403     403     403   200    403 403      200
admin/courses/path/<int:pk>/order/                       GET    in     in  403     403     403   go     403 403      go
admin/courses/path/<int:pk>/order/                       POST   in     in  403     403     403   go     403 403      go
admin/courses/path/<int:pk>/add-lesson/                  GET    in     in  403     403     403   200    403 403      200
admin/courses/path/<int:pk>/add-lesson/                  POST   in     in  403     403     403   200    403 403      200
admin/courses/path/<int:pk>/remove/<int:number>/         GET    in     in  403     403     403   200|go 403 403      200|go
admin/courses/path/<int:pk>/remove/<int:number>/         POST   in     in  403     403     403   go     403 403      go
admin/courses/module/<int:pk>/status/                    GET    in     in  403     403     403   200    403 403      200
admin/courses/module/<int:pk>/status/                    POST   in     in  403     403     403   go     403 403      go
admin/accounts/stagedfile/sample.csv                     GET    in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/sample.csv                     POST   in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/step/                 GET    in     in  403     403     403   403    go  403      go
admin/accounts/stagedfile/<int:pk>/step/                 POST   in     in  403     403     403   403    go  403      go
admin/accounts/stagedfile/<int:pk>/bring-in/             GET    in     in  403     403     403   403    go  403      go
admin/accounts/stagedfile/<int:pk>/bring-in/             POST   in     in  403     403     403   403    go  403      go
admin/accounts/stagedfile/<int:pk>/rows/<slug:outcome>/  GET    in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/rows/<slug:outcome>/  POST   in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/refused/              GET    in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/refused/              POST   in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/not-in-it/            GET    in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/not-in-it/            POST   in     in  403     403     403   403    200 403      200
admin/courses/credit/file/<int:pk>/                      GET    in     in  403     403     403   403    200 403      200
admin/courses/credit/file/<int:pk>/                      POST   in     in  403     403     403   403    go  403      go
admin/courses/credit/file/<int:pk>/refused/              GET    in     in  403     403     403   403    200 403      200
admin/courses/credit/file/<int:pk>/refused/              POST   in     in  403     403     403   403    200 403      200
admin/(?P<url>.*)$                                       GET    in     in  403     403     403   404    404 404      404
admin/(?P<url>.*)$                                       POST   in     in  403     403     403   404    404 404      404
"""  # noqa: E501  # a table is read by its columns

# The pages Django makes for each model: list, add, change (`c` may be to look only), delete, history. Managers get 403
# on all of them, strangers are sent to sign in.
STAFF = """
model                   editor  hr      operator  super
accounts.team           -       lacdh   -         lacdh
accounts.user           -       lach    -         lach
accounts.stagedfile     -       lach    -         lach
courses.assignment      -       lach    -         lach
courses.enrollment      -       lch     -         lch
courses.credit          -       lach    -         lach
courses.renewal         -       lacdh   -         lacdh
courses.course          lch     -       -         lcdh
courses.module          lach    -       -         lacdh
courses.lesson          lach    -       -         lach
courses.path            lach    -       -         lach
courses.image           lach    -       -         lach
courses.bundle          lach    -       -         lach
courses.publishrequest  lch     lch     -         lch
courses.flag            lch     -       -         lch
quizzes.quiz            lch     -       -         lch
quizzes.question        lach    -       -         lach
quizzes.retakechange    -       lach    -         lach
events.livesession      -       lach    -         lach
notices.notice          -       lch     lch       lch
notices.heartbeat       -       -       lch       lch
admin.logentry          -       lch     -         lch
"""
PAGES = {
    "l": "",
    "a": "add/",
    "c": "<path:object_id>/change/",
    "d": "<path:object_id>/delete/",
    "h": "<path:object_id>/history/",
}


def table() -> Iterator[tuple[str, str, dict[str, str]]]:
    for line in TABLE.strip("\n").splitlines()[1:]:
        words = line.split()
        if words:
            route = "" if words[0] in ("GET", "POST") else words.pop(0)
            yield route, words[0], dict(zip(ROLES, words[1:], strict=True))


def staff_table() -> Iterator[tuple[str, str, dict[str, str]]]:
    """The lines of STAFF, spelled out; a form sent empty is shown again or, if all may be empty, saved."""
    for line in STAFF.strip("\n").splitlines()[1:]:
        model, *rights = line.split()
        for letter, page in PAGES.items():
            cells = {"nobody": "in", "manager": "403"}  # one door for all of them; TABLE has its every cell
            got = {role: "200" if letter in right else "403" for role, right in zip(ROLES[5:], rights, strict=True)}
            route = f"admin/{model.replace('.', '/')}/{page}"
            yield route, "GET", cells | got
            sent = {role: "200|go|403" if status == "200" else status for role, status in got.items()}
            if letter in "acd":  # a list and a history take nothing
                yield route, "POST", cells | sent
        old = dict.fromkeys(ROLES[5:], "go")  # the address without `change/`, which Django keeps for old links
        yield f"admin/{model.replace('.', '/')}/<path:object_id>/", "GET", cells | old
