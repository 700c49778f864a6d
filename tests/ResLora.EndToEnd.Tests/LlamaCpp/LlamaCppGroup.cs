using Xunit;

namespace ResLora.EndToEnd.Tests.LlamaCpp;

/// <summary>Tests with the real llama.cpp: one installation for all, and one after the other, since they compute with libtorch in this
/// process.</summary>
[CollectionDefinition(Name)]
public sealed class LlamaCppGroup : ICollectionFixture<LlamaCppClient>
{
    public const string Name = "llama.cpp";
}
