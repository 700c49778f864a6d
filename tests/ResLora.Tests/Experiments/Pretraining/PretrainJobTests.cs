using ResLora.Experiments.Pretraining;
using ResLora.Formats.Errors;
using ResLora.Training;
using Xunit;

namespace ResLora.Tests.Experiments.Pretraining;

public sealed class PretrainJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    [Fact]
    public void Run_TinyTexts_GivesAModelThatLoads()
    {
        using var session = ModelSession.Load(world.Model);

        Assert.Equal(3, session.Model.LayerCount);
        Assert.Equal(session.Tokenizer.VocabularySize, session.Model.VocabularySize);
        Assert.Equal("3 + 4 = 7.", session.Tokenizer.Decode(session.Tokenizer.Encode("3 + 4 = 7.")));
    }

    [Fact]
    public void Run_OutputExists_IsReplacedOnlyWhenAllowed()
    {
        var again = world.Pretraining with { Run = world.Folder["again-run"] };

        var error = Assert.Throws<ConfigException>(() => PretrainJob.Run(again, stop: TestContext.Current.CancellationToken));
        var report = PretrainJob.Run(again, overwrite: true, stop: TestContext.Current.CancellationToken);

        Assert.Contains("exists and is not empty", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, report.Result!.Steps);
    }

    [Fact]
    public void Run_SettingsThatCannotBe_AreListed()
    {
        var config = world.Pretraining;
        config = config with { SaveAs = "int4", Training = config.Training with { MaxLength = 4096, DataType = "bfloat16" } };

        var error = Assert.Throws<ConfigException>(() => PretrainJob.Run(config, stop: TestContext.Current.CancellationToken));

        Assert.Contains("saveAs is 'int4'", error.Message, StringComparison.Ordinal);
        Assert.Contains("training.maxLength is 4096", error.Message, StringComparison.Ordinal);
        Assert.Contains("training.dataType is 'bfloat16'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_HeadsThatDoNotDivide_AreRefused()
    {
        var config = world.Pretraining;
        config = config with { Output = world.Folder["odd"], Model = config.Model with { Heads = 3 } };

        Assert.Contains("num_attention_heads", Assert.Throws<ConfigException>(() => PretrainJob.Run(config, stop: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }
}
