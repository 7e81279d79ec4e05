"""The kernel suite of the Jupyter project, run on ours."""
import unittest

import mlnbtest

mlnbtest.install_kernelspec()

import jupyter_kernel_test


class MlnbKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "mlnb"
    language_name = "mlnb"
    file_extension = ".mlnb"
    code_hello_world = 'print("hello, world")'
    code_stderr = '!echo oops 1>&2'
    completion_samples = [{"text": "frame(a: [1]) |> wher", "matches": ["where"]}]
    complete_code_samples = ["1 + 1", "x = 5", "# comment", 'print("hi")']
    incomplete_code_samples = ["(1 +", "trips |>", 'x = """abc', "fn f(x) = {"]
    invalid_code_samples = ["1 + * 2"]
    code_inspect_sample = "where"
    code_execute_result = [{"code": "6 * 7", "result": "42"}, {"code": '"a"', "result": '"a"'}]
    code_display_data = [{"code": "frame(a: [1])\n1", "mime": "text/html"}]
    code_generate_error = 'error("no")'
    code_history_pattern = "6 ? 7*"
    supported_history_operations = ("tail", "range", "search")
    code_clear_output = ""


if __name__ == "__main__":
    unittest.main()
