using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Text.ChatTemplates;
using Xunit;
using Templates = ResLora.Text.ChatTemplates.ChatTemplates;

namespace ResLora.Tests.Text.ChatTemplates;

/// <summary>Which template of a model's folder is taken, and which tokens it sees.</summary>
public sealed class ChatTemplatesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Choose_TextInTheConfiguration_IsTheDefault()
    {
        _folder.Write("tokenizer_config.json", """{"chat_template":"{{ eos_token }}!","eos_token":{"content":"</s>"},"bos_token":"<s>"}""");

        var templates = Templates.Read(_folder.Path);

        var text = templates.Choose(hasTools: true).Render(TemplateText.Request() with { SpecialTokens = templates.SpecialTokens }).Text;
        Assert.Equal("</s>!", text);
        Assert.Equal("<s>", templates.SpecialTokens["bos_token"]);
        Assert.Equal(["default"], templates.Names);
    }

    [Theory]
    [InlineData("""[{"name":"default","template":"plain"},{"name":"tool_use","template":"tools"}]""")]
    [InlineData("""{"default":"plain","tool_use":"tools"}""")]
    public void Choose_SeveralWithNames_DependsOnTools(string written)
    {
        _folder.Write("tokenizer_config.json", $$"""{"chat_template":{{written}}}""");

        var templates = Templates.Read(_folder.Path);

        Assert.Equal("plain", templates.Choose().Source);
        Assert.Equal("tools", templates.Choose(hasTools: true).Source);
        Assert.Equal("plain", templates.Choose(hasTools: true, "default").Source);
        var error = Assert.Throws<ConfigException>(() => templates.Choose(name: "rag"));
        Assert.Contains("no chat template 'rag'; there are default, tool_use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_Files_StandForTheConfiguration()
    {
        _folder.Write("tokenizer_config.json",
            """{"chat_template":[{"name":"default","template":"old"},{"name":"gone","template":"x"}]}""");
        _folder.Write("chat_template.jinja", "{{ 'new' }}\n");
        Directory.CreateDirectory(_folder["additional_chat_templates"]);
        _folder.Write(Path.Combine("additional_chat_templates", "tool_use.jinja"), "tools");

        var templates = Templates.Read(_folder.Path);

        Assert.Equal("new", templates.Choose().Render(TemplateText.Request()).Text);
        Assert.Equal("tools", templates.Choose(hasTools: true).Source);
        Assert.Equal(["default", "tool_use"], templates.Names);
    }

    [Fact]
    public void Choose_WithoutAnyTemplate_SaysWhereOneIsLookedFor()
    {
        _folder.Write("tokenizer_config.json", "{}");

        var error = Assert.Throws<ConfigException>(() => Templates.Read(_folder.Path).Choose());

        Assert.Contains("no chat template (tokenizer_config.json with 'chat_template', or chat_template.jinja)", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_SeveralWithoutADefault_NamesThem()
    {
        var templates = Templates.Parse("""{"chat_template":{"rag":"x"}}""", "config");

        var error = Assert.Throws<ConfigException>(() => templates.Choose());

        Assert.Contains("no chat template 'default'; there are rag", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_BrokenTemplate_NamesItsFileKeyAndPlace()
    {
        var templates = Templates.Parse(
            """{"chat_template":[{"name":"default","template":"x"},{"name":"rag","template":"a\n{% fro %}"}]}""", "tokenizer_config.json");

        var error = Assert.Throws<ChatTemplateException>(() => templates.Choose(name: "rag"));

        Assert.StartsWith("tokenizer_config.json, chat_template[1].template ('rag'), line 2, column 4: ", error.Message,
            StringComparison.Ordinal);
        Assert.Equal("x", templates.Choose().Source);
    }

    [Theory]
    [InlineData("""{"chat_template":5}""")]
    [InlineData("""{"chat_template":[{"name":"default"}]}""")]
    [InlineData("""{"chat_template":["x"]}""")]
    [InlineData("""{"eos_token":5}""")]
    public void Parse_WrongValues_AreRefused(string config)
    {
        Assert.Throws<FileFormatException>(() => Templates.Parse(config, "config"));
    }
}
