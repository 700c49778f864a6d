using ResLora.Models;

namespace ResLora.Tests.Models.Toy;

/// <summary>What a family needs to be registered.</summary>
public static class ToyFamily
{
    public static ModelFamily Family { get; } = new() { ModelTypes = ["toy"], Build = (_, _) => new ToyModel() };
}
