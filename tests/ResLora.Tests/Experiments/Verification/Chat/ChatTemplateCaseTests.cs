using ResLora.Experiments.Verification;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Verification.Chat;

/// <summary>A folder of chat templates with their texts is a case.</summary>
public sealed class ChatTemplateCaseTests : IDisposable
{
    private const string Template =
        "{% for m in messages %}{{ bos_token }}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}{{ 1/x }}";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_EqualTextsSpansAndErrors_Passes()
    {
        Write("""
            {"messages":[{"content":"a😀"},{"content":"b"}],"x":1,"text":"<s>a😀<s>b1.0","assistant_spans":[[3,5],[8,9]]},
            {"messages":[],"x":0,"error":"ZeroDivisionError: division by zero"}
            """);

        var report = Assert.Single(Verifier.Run([_folder.Path]).Cases);

        Assert.Equal((CaseStatus.Passed, 2, "chat"), (report.Status, report.Quantities.Count, report.Kind));
    }

    [Theory]
    [InlineData("""{"messages":[],"x":1,"text":"1"}""", "one 1: another text")]
    [InlineData("""{"messages":[{"content":"a"}],"x":1,"text":"<s>a1.0","assistant_spans":[[2,3]]}""", "one 1: other spans")]
    [InlineData("""{"messages":[],"x":1,"error":"TypeError: a"}""", "one 1: the template is expected to fail")]
    [InlineData("""{"messages":[],"x":0,"text":"1"}""", "one 1, line 1, column")]
    [InlineData("""{"messages":[],"x":0,"error":"TemplateError: a"}""", "by zero")]
    public void Run_AnythingElse_FailsAndSaysWhat(string expected, string message)
    {
        Write(expected);

        var report = Assert.Single(Verifier.Run([_folder.Path]).Cases);

        Assert.Equal(CaseStatus.Failed, report.Status);
        Assert.Contains(message, report.Message, StringComparison.Ordinal);
    }

    private void Write(string cases)
    {
        _folder.Write("case.json", """{"name":"x","kind":"chat_templates","tolerance":{}}""");
        _folder.Write("one.json", $$"""{"template":"{{Template}}","special_tokens":{"bos_token":"<s>"},"cases":[{{cases}}]}""");
    }
}
