def cases_form(*a):
    return __import__('matcalc.form').form.number(1)
