from gitseq.engine.changes import longest_in

SPANS = [(100, 200), (210, 260), (260, 400)]


def test_a_change_belongs_to_the_hook_that_ran_longest_within_the_clocks_tick():
    assert longest_in(SPANS, 150, 154) == 0
    assert longest_in(SPANS, 190, 230) == 1
    assert longest_in(SPANS, 255, 259) == 1
    assert longest_in(SPANS, 255, 275) == 2


def test_a_change_in_no_hooks_time_belongs_to_the_nearest():
    assert longest_in(SPANS, 500, 504) == 2
    assert longest_in(SPANS, 201, 203) == 0
