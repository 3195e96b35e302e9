"""Who may do what: roles give rights, and every page and endpoint of the staff site asks for one of them.

A right is written as Django writes permissions, `app.act_model`. The one question is
`user.has_perm(right, about)`: roles.py says which roles answer yes, scope.py what belongs to which newsletter,
backend.py brings both together, and needs.py asks it for a view.
"""
