using ResLora.Formats.Errors;
using ResLora.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors;

public sealed class ShapesTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Require_SameOrAnySize_Passes()
    {
        Shapes.Require(zeros(2, 3), "x", 2, 3);
        Shapes.Require(zeros(2, 3), "x", Shapes.Any, 3);
        Shapes.Require(zeros([]), "x");
    }

    [Fact]
    public void Require_AnotherSize_ShowsBothShapes()
    {
        var error = Assert.Throws<ShapeException>(() => Shapes.Require(zeros(2, 3), "lora A", Shapes.Any, 4));

        Assert.Equal("'lora A' has shape [2, 3]; expected [any, 4].", error.Message);
    }

    [Fact]
    public void Require_AnotherCountOfDimensions_Throws()
    {
        Assert.Throws<ShapeException>(() => Shapes.Require(zeros(2, 3), "x", 2, 3, 1));
        Assert.Throws<ShapeException>(() => Shapes.Require(zeros(2), "x"));
    }

    [Fact]
    public void RequireSame_DifferentShapes_NamesBothArguments()
    {
        var (input, previous) = (zeros(2, 3), zeros(2));

        var error = Assert.Throws<ShapeException>(() => Shapes.RequireSame(input, previous));

        Assert.Equal("'input' has shape [2, 3] and 'previous' has shape [2]; they must be the same.", error.Message);
    }

    [Fact]
    public void RequireSame_SameShape_Passes()
    {
        Shapes.RequireSame(zeros(2, 3), ones(2, 3));
    }
}
