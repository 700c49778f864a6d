using ResLora.Tests.Models;
using ResLora.Training.Evaluation;
using Xunit;

namespace ResLora.Tests.Training.Evaluation;

public sealed class NotFiniteExceptionTests
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void ThrowIfAny_NumberThatIsNone_NamesTheWeightToBlame(double value)
    {
        using var model = TinyLlama.Create();
        const string name = "model.layers.2.mlp.up_proj.weight";
        model.named_parameters().Single(p => p.name == name).parameter[3, 5] = float.NaN;

        var error = Assert.Throws<NotFiniteException>(() => NotFiniteException.ThrowIfAny(model, 1.5, value));

        Assert.Equal(name, error.TensorName);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThrowIfAny_SoundWeights_SaysSo()
    {
        using var model = TinyLlama.Create();

        var error = Assert.Throws<NotFiniteException>(() => NotFiniteException.ThrowIfAny(model, double.NaN));

        Assert.Null(error.TensorName);
        Assert.Contains("though its weights are", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThrowIfAny_Numbers_IsSilentWhateverTheWeights()
    {
        using var model = TinyLlama.Create();
        model.named_parameters().First().parameter.fill_(float.NaN);

        NotFiniteException.ThrowIfAny(model, 0, -1e300);
    }
}
