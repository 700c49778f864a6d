using ResLora.Formats.Errors;
using ResLora.Hub;
using Xunit;

namespace ResLora.Tests.Hub;

public sealed class HubFaultTests : IDisposable
{
    private const string Token = "hf_secret";

    private readonly HubWorld _world = new();

    [Theory]
    [InlineData(401, "RepoNotFound", "Invalid username or password.", "There is no model 'org/small'")]
    [InlineData(404, "RepoNotFound", "Repository not found", "There is no model 'org/small'")]
    [InlineData(401, null, "Invalid credentials in Authorization header", "does not accept the token")]
    [InlineData(401, "GatedRepo", "Access to model org/small is restricted", "is gated")]
    [InlineData(403, "GatedRepo", "Access to model org/small is restricted", "is gated")]
    [InlineData(403, null, "This token cannot read", "refuses model 'org/small' (This token cannot read)")]
    [InlineData(404, "RevisionNotFound", "Invalid rev id", "has no revision 'main'")]
    [InlineData(404, null, null, "There is no model 'org/small'")]
    [InlineData(400, null, "Bad", "answers 400")]
    public void Get_ARefusal_IsOneSentenceAndNotTriedAgain(int status, string? code, string? message, string expected)
    {
        _world.Server.Instead = async context =>
        {
            await HubServer.Refuse(context, status, code, message);
            return true;
        };

        var error = Assert.Throws<ConfigException>(() => _world.Get());

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Single(_world.Server.Requests);
    }

    [Fact]
    public void Get_AGatedModel_SaysWhereToAskAndWhetherATokenWasSent()
    {
        _world.Server.Instead = async context =>
        {
            await HubServer.Refuse(context, 403, "GatedRepo");
            return true;
        };

        var without = Assert.Throws<ConfigException>(() => _world.Get()).Message;
        _world.Settings = _world.Settings with { Token = Token };
        var with = Assert.Throws<ConfigException>(() => _world.Get()).Message;

        Assert.Contains("no token was sent", without, StringComparison.Ordinal);
        Assert.Contains("the account of the token", with, StringComparison.Ordinal);
        Assert.Contains($"{_world.Server.Address.AbsoluteUri}org/small", with, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, with, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_AFileThatWentAway_NamesIt()
    {
        _world.Server.Instead = async context =>
        {
            if (!context.Request.Path.Value!.Contains("resolve", StringComparison.Ordinal))
            {
                return false;
            }

            await HubServer.Refuse(context, 404, "EntryNotFound");
            return true;
        };

        var error = Assert.Throws<ConfigException>(() => _world.Get(HubWorld.ModelId, "config.json"));

        Assert.Contains("has no file 'config.json'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_WithAToken_SendsItToTheHubAlone()
    {
        _world.Settings = _world.Settings with { Token = Token };

        _world.Get();

        Assert.All(_world.Server.Requests.Where(request => !request.IsContents), request => Assert.Equal($"Bearer {Token}", request.Authorization));
        Assert.Single(_world.Server.Requests, request => request.IsContents);
        Assert.All(_world.Server.Requests.Where(request => request.IsContents), request => Assert.Null(request.Authorization));
    }

    [Fact]
    public void Get_ARedirectWithinTheHub_KeepsTheToken()
    {
        _world.Settings = _world.Settings with { Token = Token };
        _world.Server.Instead = context =>
        {
            var isOld = context.Request.Path.Value!.Contains("org/old", StringComparison.Ordinal);
            if (isOld)
            {
                context.Response.StatusCode = 307;
                context.Response.Headers.Location = context.Request.Path.Value!.Replace("org/old", "org/small", StringComparison.Ordinal) + "?blobs=true";
            }

            return Task.FromResult(isOld);
        };

        var snapshot = _world.Get("org/old", "config.json");

        Assert.Equal(_world.Model["config.json"], File.ReadAllBytes(Path.Combine(snapshot.Place, "config.json")));
        Assert.All(_world.Server.Requests, request => Assert.Equal($"Bearer {Token}", request.Authorization));
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/contents")]
    [InlineData("file:///etc/passwd")]
    public void Get_ARedirectToWhatIsNoWebAddress_IsNotFollowed(string target)
    {
        _world.Server.Instead = context =>
        {
            context.Response.Redirect(target);
            return Task.FromResult(true);
        };

        var error = Assert.Throws<ConfigException>(() => _world.Get());

        Assert.Contains("is not followed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_RedirectsWithoutEnd_Ends()
    {
        _world.Server.Instead = context =>
        {
            context.Response.Redirect(context.Request.Path);
            return Task.FromResult(true);
        };

        var error = Assert.Throws<ConfigException>(() => _world.Get());

        Assert.Contains("redirects more than 5 times", error.Message, StringComparison.Ordinal);
        Assert.Equal(6, _world.Server.Requests.Count);
    }

    [Fact]
    public void Get_ATokenOverPlainHttpToAnotherMachine_IsRefusedBeforeAnythingIsSent()
    {
        _world.Settings = _world.Settings with { Endpoint = new Uri("http://hub.example"), Token = Token };

        var error = Assert.Throws<ConfigException>(() => _world.Get());

        Assert.Contains("take https", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Retry-After", "0")]
    [InlineData("RateLimit", "\"api\";r=0;t=0")]
    public void Get_TooManyRequests_WaitsAsAskedAndGoesOn(string header, string value)
    {
        var refused = 0;
        _world.Server.Instead = async context =>
        {
            if (refused++ >= 2)
            {
                return false;
            }

            context.Response.Headers[header] = value;
            await HubServer.Refuse(context, 429);
            return true;
        };

        // Its own pauses would take longer than the tests may.
        _world.Settings = _world.Settings with { RetryPause = TimeSpan.FromHours(1) };

        Assert.Equal(3, _world.Get().Files.Count);
    }

    [Fact]
    public void Get_AWaitThatIsTooLong_IsLeftToTheUser()
    {
        _world.Server.Instead = async context =>
        {
            context.Response.Headers.RetryAfter = "3600";
            await HubServer.Refuse(context, 429);
            return true;
        };

        var error = Assert.Throws<HubUnavailableException>(() => _world.Get());

        Assert.Contains("try again in 3600 seconds", error.Message, StringComparison.Ordinal);
        Assert.Single(_world.Server.Requests);
    }

    [Fact]
    public void Get_AHubThatFails_IsTriedSixTimes()
    {
        _world.Server.Instead = async context =>
        {
            await HubServer.Refuse(context, 503);
            return true;
        };

        var error = Assert.Throws<HubUnavailableException>(() => _world.Get());

        Assert.Contains("answers 503", error.Message, StringComparison.Ordinal);
        Assert.Equal(6, _world.Server.Requests.Count);
    }

    [Fact]
    public void Get_AHubThatSaysNothing_IsNotWaitedForWithoutEnd()
    {
        _world.Settings = _world.Settings with { Patience = TimeSpan.FromMilliseconds(50) };
        _world.Server.Instead = async context =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };

        var error = Assert.Throws<HubUnavailableException>(() => _world.Get());

        Assert.Contains("has sent nothing", error.Message, StringComparison.Ordinal);
        Assert.Single(_world.Server.Requests);
    }

    [Fact]
    public void Get_FromAnAddressWithoutAHub_FailsAtOnce()
    {
        _world.Settings = _world.Settings with { Endpoint = new Uri("http://127.0.0.1:1"), RetryPause = TimeSpan.FromHours(1) };

        var error = Assert.Throws<HubUnavailableException>(() => _world.Get());

        Assert.Contains("cannot be reached", error.Message, StringComparison.Ordinal);
        Assert.Contains("--offline", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _world.Dispose();
}
