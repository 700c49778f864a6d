using ResLora.Experiments.Evaluating;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Generation;
using Xunit;

namespace ResLora.Tests.Experiments.Evaluating;

public sealed class EvaluateJobTests(TinyWorld world) : IClassFixture<TinyWorld>
{
    private const string Weight = "model.layers.1.mlp.up_proj.weight";

    [Fact]
    public void Run_WeightThatIsNoNumber_FailsWithItsName()
    {
        var model = BrokenModel.Write(world.Model, world.Folder["evaluated"], Weight);

        var error = Assert.Throws<NotFiniteException>(() => EvaluateJob.Run(
            new EvaluateOptions { Model = model, Task = "word-problems", Data = world.Data, Limit = 4 }, stop: TestContext.Current.CancellationToken));

        Assert.Equal(Weight, error.TensorName);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.8)]
    public void Stream_WeightThatIsNoNumber_FailsWithItsName(double temperature)
    {
        var model = BrokenModel.Write(world.Model, world.Folder[$"generated{temperature}"], Weight);
        using var session = ModelSession.Load(model);
        var generator = new TextGenerator(session.Causal, session.Tokenizer);

        var error = Assert.Throws<NotFiniteException>(() =>
            generator.Stream(
                "3 + 4",
                new GenerationConfig { MaxNewTokens = 3, Temperature = temperature },
                TestContext.Current.CancellationToken).ToList());

        Assert.Equal(Weight, error.TensorName);
    }
}
